/*
 * The guard of a queue: src/queue/guard.ts.
 *
 * Each process goes in and out twice. With KILL one may end at any step. A sleeper looks again, as it does after 5 ms, only
 * when nobody can do anything else; without KILL it never has to.
 */
#define PROCS 3
#define TICKS 3

#define FREE 0
#define OWNER 3
#define SLEPT_ON 4

byte word = FREE;
bool asleep[PROCS];

/* Not in the memory: to check with. */
byte holder;
byte dead = 255;	/* an id, not a process */
byte ticks;

#define ID (_pid + 1)

#ifdef KILL
#define MAY_DIE if :: atomic { dead == 255 -> dead = ID; goto gone } :: true fi;
#define MAY_TICK atomic { timeout -> assert(ticks < TICKS); ticks++; asleep[_pid] = false }
#else
#define MAY_DIE
#define MAY_TICK atomic { timeout -> assert(false) }
#endif

#define MOVE(from, to) \
	ok = (word == from); \
	word = (ok -> (to) : word)

#define GO_IN \
	assert(!ok || holder == 0 || holder == dead); \
	holder = (ok -> ID : holder)

inline enter() {
	MAY_DIE
	atomic { MOVE(FREE, ID); GO_IN }
	do
	:: ok -> break
	:: else ->
		was = word;
		if
#ifdef BUG_DEAD_KEEP_GUARD
		:: (was & OWNER) == FREE ->
#else
		:: (was & OWNER) == FREE || (was & OWNER) == dead ->
#endif
			MAY_DIE
#ifdef BUG_SLEEPERS_FORGOTTEN
			atomic { MOVE(was, ID); GO_IN }
#else
			atomic { MOVE(was, ID | SLEPT_ON); GO_IN }
#endif
		:: else ->
			MAY_DIE
			atomic { MOVE(was, was | SLEPT_ON) }
			if
			:: ok ->
				atomic { ok = false; asleep[_pid] = (word == (was | SLEPT_ON)) }
				if
				:: !asleep[_pid]
				:: MAY_TICK
#ifdef KILL
				:: atomic { dead == 255 -> dead = ID; goto gone }
#endif
				fi
			:: else
			fi
		fi
	od;
	atomic { ok = false; was = 0 }
}

inline leave() {
	MAY_DIE
	atomic { was = word; word = FREE; holder = 0 }
	if
	:: (was & SLEPT_ON) != 0 ->
		MAY_DIE
		atomic {
			was = 0;
			if
			:: asleep[0] -> asleep[0] = false
			:: asleep[1] -> asleep[1] = false
			:: asleep[2] -> asleep[2] = false
			:: else
			fi
		}
	:: else -> was = 0
	fi
}

active [PROCS] proctype process() {
	byte was;
	bool ok;
	enter();
	leave();
	enter();
	leave();
#ifdef KILL
gone:
	atomic { asleep[_pid] = false; was = 0; ok = false }
#endif
}

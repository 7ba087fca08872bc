/*
 * The table of waiters: src/wait. Included by the models of the primitives that wait with turns.
 *
 * One line that ends in a semicolon and touches a global is one step, as one operation of Atomics is. What is between
 * `atomic` and its brace is one step too: there a load and the compare-exchange after it are one, or what only this
 * process reads is computed.
 *
 * Before the include: PROCS, SLOTS (3), and wait, passOn and look of the primitive as inlines. Where there are two lines,
 * OF_LINE(s) is whether the slot is of the one that the process works on; its own is then in FIRST_SLOT and what follows.
 * COARSE makes one step of each pass over the table.
 */
#define NONE 9

/* STATE */
#define IDLE 0
#define WAITING 1
#define GRANTED 2
#define TAKEN 3
#define REVOKED 4
#define LEFT 5

byte state[SLOTS];
byte owner[SLOTS];
bool pending[SLOTS];	/* KIND */
byte rank[SLOTS];	/* TICKET: only the order of tickets matters */
bool asleep[SLOTS];	/* somebody sleeps on the slot's STATE and was not notified */
bool resting[PROCS + 1] = true;	/* the process does nothing until somebody wakes it, or has not begun */
bool pends[PROCS + 1];	/* whether the process waits asynchronously */
byte dead;	/* the process that was killed */
bool tick[PROCS + 1];	/* 50 ms went by while everybody slept */

#ifdef LOOKS
#define MAY_LOOK true
#else
#define MAY_LOOK tick[_pid]
#endif


#ifdef PENDING
#define CHOOSE_KIND if :: pends[_pid] = true :: true fi
#else
#define CHOOSE_KIND skip
#endif

#ifndef OF_LINE
#define OF_LINE(s) true
#define FIRST_SLOT 0
#endif

#define IN_LINE(s) (state[s] == WAITING || state[s] == GRANTED || state[s] == TAKEN)
#define IN_THIS_LINE(s) (OF_LINE(s) && IN_LINE(s))
#define HAS(set, s) (((set) >> (s)) & 1)
#define SIZE(set) (HAS(set, 0) + HAS(set, 1) + HAS(set, 2))
#define BEFORE(set, s) ((HAS(set, 0) && rank[0] < rank[s]) + (HAS(set, 1) && rank[1] < rank[s]) + (HAS(set, 2) && rank[2] < rank[s]))

#ifdef KILL
#define SWEPT byte swept = NONE;
#else
#define SWEPT
#endif

#define LOCALS \
	byte slot = NONE; \
	byte word; \
	byte line;	/* a set of slots */ \
	byte at; \
	byte count; \
	SWEPT \
	bool granted; \
	bool listening; \
	bool ok; \
	bool took

#ifdef COARSE
#define PASS atomic
#else
#define PASS
#endif

/* Before every step that writes, so that a process ends between any two of them. What it reads nobody sees. */
#ifdef KILL
#define MAY_DIE if :: atomic { dead == 0 -> dead = _pid; goto gone } :: true fi;
#else
#define MAY_DIE
#endif

#define MOVED_UP(s) rank[s] = (OF_LINE(s) && rank[s] > at -> rank[s] - 1 : rank[s])

/* IDLE -> WAITING */
inline claim() {
	atomic {
		if
		:: owner[FIRST_SLOT] == 0 -> slot = FIRST_SLOT
		:: owner[FIRST_SLOT] != 0 && owner[FIRST_SLOT + 1] == 0 -> slot = FIRST_SLOT + 1
		:: owner[FIRST_SLOT] != 0 && owner[FIRST_SLOT + 1] != 0 -> assert(owner[2] == 0); slot = 2
		fi;
		owner[slot] = _pid;
		at = rank[slot];
		MOVED_UP(0); MOVED_UP(1); MOVED_UP(2);
		at = 0;
		rank[slot] = SLOTS - 1;
		pending[slot] = pends[_pid];
	}
#ifndef BUG_LOOK_BEFORE_WAITING
	MAY_DIE
	state[slot] = WAITING;
#endif
}

/* any state -> IDLE */
inline free(s) {
	MAY_DIE
	atomic { state[s] = IDLE; asleep[s] = false }
	MAY_DIE
	owner[s] = 0;
}

/* ok: it was dead and is free now */
inline freeIfDead(s) {
#if defined(KILL) && !defined(BUG_DEAD_STAY_IN_LINE)
	atomic { ok = (dead != 0 && owner[s] == dead); }
	if
	:: ok ->
		MAY_DIE
		atomic { ok = (owner[s] == dead); owner[s] = (ok -> _pid : owner[s]); }
		if
		:: ok -> free(s)
		:: else
		fi
	:: else
	fi
#else
	ok = false
#endif
}

inline frontStep(s, places) {
	atomic {
		if
		:: IN_THIS_LINE(s) ->
			line = line | (1 << s);
			if
			:: SIZE(line) > places ->
				if
				:: HAS(line, 0) && BEFORE(line, 0) == places -> line = line - 1
				:: HAS(line, 1) && BEFORE(line, 1) == places -> line = line - 2
				:: HAS(line, 2) && BEFORE(line, 2) == places -> line = line - 4
				fi
			:: else
			fi
		:: else
		fi
	}
}

/* line: the first so many in line */
inline front(places) {
	PASS {
		line = 0;
		frontStep(0, places);
		frontStep(1, places);
		frontStep(2, places)
	}
}

inline othersStep(s, except) {
	if
	:: !ok && except != s -> ok = IN_THIS_LINE(s)
	:: else
	fi
}

/* ok: somebody else is in line */
inline others(except) {
	PASS {
		ok = false;
		othersStep(0, except);
		othersStep(1, except);
		othersStep(2, except)
	}
}

inline aheadStep(s) {
	if
	:: slot != s -> count = count + (IN_THIS_LINE(s) && (slot == NONE || rank[s] < rank[slot]))
	:: else
	fi
}

/* count: how many are before this process */
inline ahead() {
	PASS {
		count = 0;
		aheadStep(0);
		aheadStep(1);
		aheadStep(2)
	}
}

inline watchStep(s) {
	if
	:: slot != s ->
		atomic {
			if
			:: state[s] == GRANTED && pending[s] -> state[s] = REVOKED
			:: true	/* it has more time, or there is nothing to revoke */
			fi
		}
	:: else
	fi
}

/* Revokes the turns of those who are late: any turn of an asynchronous waiter may be. */
inline watch() {
#ifdef PENDING
	PASS {
		watchStep(0);
		watchStep(1);
		watchStep(2)
	}
#else
	skip
#endif
}

inline nudgeWatcher(s) {
#ifdef PENDING
	if
	:: pending[s] ->
		MAY_DIE
		atomic {
			if
			:: state[0] == WAITING && !pending[0] -> asleep[0] = false
			:: state[1] == WAITING && !pending[1] -> asleep[1] = false
			:: state[2] == WAITING && !pending[2] -> asleep[2] = false
			:: else ->
				if
				:: state[0] == WAITING -> asleep[0] = false
				:: state[1] == WAITING -> asleep[1] = false
				:: state[2] == WAITING -> asleep[2] = false
				:: else
				fi
			fi
		}
	:: else
	fi
#else
	skip
#endif
}

/* WAITING -> GRANTED; ok: the line is as it was read */
inline tell(s) {
	freeIfDead(s);
	if
	:: ok -> ok = false
	:: else ->
		MAY_DIE
		atomic {
			ok = (state[s] == WAITING);
			state[s] = (ok -> GRANTED : state[s]);
		}
		if
		:: ok ->
			MAY_DIE
			asleep[s] = false
		:: else
		fi;
		nudgeWatcher(s);
		ok = true
	fi
}

/* ok: somebody is in line, and the first so many were told */
inline wake(places) {
	do
	:: true ->
		front(places);
		count = SIZE(line);
		ok = true;
		do
		:: line != 0 && ok ->
			atomic {
				if
				:: HAS(line, 0) && BEFORE(line, 0) == 0 -> at = 0
				:: HAS(line, 1) && BEFORE(line, 1) == 0 -> at = 1
				:: HAS(line, 2) && BEFORE(line, 2) == 0 -> at = 2
				fi;
				line = line - (1 << at);
			}
			tell(at)
		:: else -> break
		od;
		at = 0;
		if
		:: ok -> atomic { ok = count > 0; count = 0; line = 0; break }
		:: else
		fi
	od
}

/* ok: this process may take one of so many free places */
inline mayGo(places) {
	if
	:: granted -> ok = true
	:: else ->
		MAY_DIE
		watch();
		ahead();
		if
		:: count < places -> atomic { count = 0; ok = true }
		:: else ->
			count = 0;
			wake(places);
			ok = false
		fi
	fi
}

#define HAS_DIED_TOLD(s) (OF_LINE(s) && (state[s] == GRANTED || state[s] == TAKEN || state[s] == LEFT) && owner[s] == dead)

/* Passes on what the dead one was told. */
inline sweep() {
#if defined(KILL) && !defined(BUG_DEAD_STAY_IN_LINE)
	atomic {
		if
		:: dead == 0
		:: dead != 0 && HAS_DIED_TOLD(0) -> swept = 0
		:: dead != 0 && HAS_DIED_TOLD(1) -> swept = 1
		:: dead != 0 && HAS_DIED_TOLD(2) -> swept = 2
		:: else
		fi
	}
	if
	:: swept == NONE
	:: else ->
		atomic { ok = (owner[swept] == dead); owner[swept] = (ok -> _pid : owner[swept]) }
		if
		:: ok ->
			state[swept] = LEFT;
			passOn();
			free(swept)
		:: else
		fi;
		atomic { swept = NONE; ok = false }
	fi
#else
	skip
#endif
}

inline again() {
	MAY_DIE
	state[slot] = WAITING
}

/* GRANTED -> TAKEN */
inline accept() {
	MAY_DIE
	atomic {
		granted = (state[slot] == GRANTED);
		ok = (state[slot] == REVOKED);
		state[slot] = (granted -> TAKEN : state[slot]);
	}
	if
	:: ok -> again()
	:: else
	fi;
	ok = false
}

#ifndef LEAVES
#define LEAVES state[slot] = LEFT;
#endif

inline leave() {
#ifdef BUG_FREE_BEFORE_PASS_ON
	free(slot);
#else
	MAY_DIE
	LEAVES
#endif
#ifndef BUG_NO_PASS_ON
	passOn();
#endif
#ifndef BUG_FREE_BEFORE_PASS_ON
	free(slot);
#endif
	slot = NONE
}

/* took: it has what it waited for; else it gave up */
inline wait() {
	claim();
	do
	:: true ->
		look();
		if
		:: took -> break
		:: !took && granted ->
			again();
			granted = false
		:: else ->
			if
#ifdef GIVE_UP
			:: break
#endif
			:: true ->
				atomic {
#ifdef BUG_LOOK_BEFORE_WAITING
					state[slot] = (state[slot] == IDLE -> WAITING : state[slot]);
#endif
					if
					:: !listening -> asleep[slot] = (state[slot] == WAITING)
					:: else
					fi;
					listening = false;
					resting[_pid] = true;
				}
				if
				:: atomic { !asleep[slot] -> tick[_pid] = false; resting[_pid] = false }
#ifdef KILL
				:: atomic { dead == 0 -> dead = _pid; goto gone }
#endif
				:: atomic { MAY_LOOK -> tick[_pid] = false; listening = pends[_pid]; asleep[slot] = (listening -> asleep[slot] : false); resting[_pid] = false; }
					sweep()
#ifdef GIVE_UP
				:: atomic { pends[_pid] -> asleep[slot] = false; resting[_pid] = false }
					break
#endif
				fi;
				accept()
			fi
		fi
	od;
	atomic { granted = false; listening = false }
	leave()
}

/* One look by who does not wait */
inline attempt() {
	sweep();
	look()
}

#define GONE(p) ((p) == 0 || (p) == dead)
#define SLEEPS(s) (!GONE(owner[s]) && asleep[s])
#define TICK(s) if :: SLEEPS(s) -> tick[owner[s]] = true :: else fi

#if PROCS == 2
#define ALL_REST ((resting[1] || dead == 1) && (resting[2] || dead == 2))
#else
#define ALL_REST ((resting[1] || dead == 1) && (resting[2] || dead == 2) && (resting[3] || dead == 3))
#endif

#ifdef KILL
/* Lets time go by when nobody can do anything else. */
active proctype time() {
	byte ticks;
	do
	:: atomic {
		ALL_REST && (SLEEPS(0) || SLEEPS(1) || SLEEPS(2)) &&
		(GONE(owner[0]) || asleep[0]) && (GONE(owner[1]) || asleep[1]) && (GONE(owner[2]) || asleep[2]) &&
		!tick[1] && !tick[2] && !tick[PROCS] ->
		assert(ticks < TICKS || !COULD_GO);
		ticks = (COULD_GO -> ticks + 1 : 0);
		TICK(0); TICK(1); TICK(2)
	}
	od
}
#endif

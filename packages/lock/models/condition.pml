/*
 * The condition variable: src/condition. It has a table of slots of its own, in which a slot that is GRANTED owns one
 * notification, until its waiter, which is TAKEN then, has the lock again.
 *
 * Processes 1 to 3 wait once each, process 4 notifies 1 or 2 of them, twice (ONE_NOTIFY: once). The lock is one step here: mutex.pml proves
 * it. Variants: GIVE_UP (a wait may end with a time-out or an abort), DEATHS (so many processes may end at any step).
 */
#define WAITERS 3
#define NOTIFIER 4
#define NONE 9
#ifndef DEATHS
#define DEATHS 0
#endif
#define TICKS 3	/* a sleeper's look frees what is dead, so this many rounds of looks must do */

/* STATE */
#define IDLE 0
#define WAITING 1
#define GRANTED 2
#define TAKEN 3
#define LEFT 4

byte state[WAITERS];
byte owner[WAITERS];
byte ticket[WAITERS];
byte tickets;
byte counted;	/* NOTIFIED: the last ticket at the last notify */
bool asleep[WAITERS];	/* somebody sleeps on the slot's STATE and was not notified */
byte lock;	/* its owner */

/* Not in the memory: to check with. */
bool dead[5];
byte deaths;
byte begun;	/* the waiter that began last: alike processes begin in the order of their numbers */
bool resting[5];
bool tick[5];	/* 50 ms went by while everybody slept */
byte born[WAITERS];	/* tickets when the notification of a GRANTED slot was given */
byte carried[5];	/* the same for one that is in no slot, but with a process that passes it on */
byte given;
byte returned;
byte dropped;

#if DEATHS
#define MAY_DIE if :: atomic { deaths < DEATHS -> deaths++; dead[_pid] = true; goto gone } :: true fi;
#else
#define MAY_DIE
#endif

#define COULD_GET(s, limit) (state[s] == WAITING && !dead[owner[s]] && ticket[s] <= limit)
#define SOMEBODY_COULD_GET(limit) (COULD_GET(0, limit) || COULD_GET(1, limit) || COULD_GET(2, limit))

inline acquire() {
	atomic { lock == 0 || dead[lock] -> lock = _pid }
}

inline release() {
	MAY_DIE
	assert(lock == _pid);
	lock = 0
}

inline firstStep(s, limit) {
	atomic {
		if
		:: state[s] == WAITING && ticket[s] <= limit && (at == NONE || ticket[s] < ticket[at]) -> at = s
		:: else
		fi
	}
}

/* at: the first WAITING slot whose ticket is not above the limit */
inline first(limit) {
	at = NONE;
	firstStep(0, limit);
	firstStep(1, limit);
	firstStep(2, limit)
}

/* ok: it was dead, and this process has taken it over */
inline takeOverIfDead(s) {
	ok = dead[owner[s]];
	if
	:: ok ->
		MAY_DIE
		atomic {
			ok = dead[owner[s]];
			owner[s] = (ok -> _pid : owner[s])
		}
	:: else
	fi
}

/* WAITING -> GRANTED; ok: it was so */
inline grant(s, when, more) {
	MAY_DIE
	atomic {
		ok = (state[s] == WAITING);
		state[s] = (ok -> GRANTED : state[s]);
		born[s] = (ok -> when : born[s]);
		given = (ok -> given + more : given)
	}
	if
	:: ok ->
		MAY_DIE
		asleep[s] = false
	:: else
	fi
}

inline free(s) {
	MAY_DIE
	atomic { state[s] = IDLE; asleep[s] = false; born[s] = 0 }
	MAY_DIE
	atomic { ticket[s] = 0; owner[s] = 0 }
}

/* Gives a notification to the first that waited when the last one was given. */
inline passOn(when) {
	do
	:: true ->
		limit = counted;
		first(limit);
		if
		:: at == NONE ->
			atomic {
				assert(!SOMEBODY_COULD_GET(when));
				dropped++
			}
			break
		:: else ->
			takeOverIfDead(at);
			if
			:: ok -> free(at)
			:: else ->
				grant(at, when, 0);
				if
				:: ok -> break
				:: else
				fi
			fi
		fi
	od;
	atomic { at = NONE; limit = 0; ok = false }
}

#ifdef BUG_LEFT_NOT_SWEPT
#define IS_TOLD(s) (state[s] == GRANTED || state[s] == TAKEN)
#else
#define IS_TOLD(s) (state[s] == GRANTED || state[s] == TAKEN || state[s] == LEFT)
#endif

inline sweepStep(s) {
	if
	:: IS_TOLD(s) && owner[s] != _pid ->
		takeOverIfDead(s);
		if
		:: ok ->
			MAY_DIE
			state[s] = LEFT;
			passOn(born[s]);
			free(s)
		:: else
		fi
	:: else
	fi
}

/* Any state -> LEFT -> IDLE: the waiter does not use a notification it may have. */
inline giveUp(s) {
	MAY_DIE
	atomic { ok = (state[s] == GRANTED); state[s] = LEFT }
	if
	:: ok ->
#ifdef BUG_FREE_BEFORE_PASS_ON
		carried[_pid] = born[s];
		free(s);
		passOn(carried[_pid]);
		carried[_pid] = 0
#else
#ifdef BUG_ABORT_SWALLOWS
		assert(!SOMEBODY_COULD_GET(born[s]));
#else
		passOn(born[s]);
#endif
		free(s)
#endif
	:: else -> free(s)
	fi
}

inline notify(n) {
	acquire();
	MAY_DIE
#ifndef BUG_COUNTED_LATE
	counted = tickets;
#endif
	told = 0;
	do
	:: told < n ->
		first(tickets);
		if
		:: at == NONE ->
			/* With fewer told than n there was nobody else. */
			assert(state[0] != WAITING && state[1] != WAITING && state[2] != WAITING);
			break
		:: else ->
			takeOverIfDead(at);
			if
			:: ok -> free(at)
			:: else ->
				grant(at, tickets, 1);
				if
				:: ok -> told++
				:: else
				fi
			fi
		fi
	:: else -> break
	od;
#ifdef BUG_COUNTED_LATE
	counted = tickets;
#endif
	atomic { told = 0; at = NONE; ok = false }
	release()
}

#define RESTS(p) (resting[p] || dead[p])
#define SLEEPS(s) (owner[s] != 0 && !dead[owner[s]] && asleep[s])
#define QUIET(s) (owner[s] == 0 || dead[owner[s]] || asleep[s])
#define TICK(s) if :: SLEEPS(s) -> tick[owner[s]] = true :: else fi
#define KEPT_BY_DEAD(s) (state[s] != IDLE && state[s] != WAITING && dead[owner[s]] && SOMEBODY_COULD_GET(born[s]))
#define LOST_BY_DEAD(p) (dead[p] && carried[p] != 0 && SOMEBODY_COULD_GET(carried[p]))

/* Lets time go by when nobody can do anything else, and looks at what is left in the end. */
active proctype time() {
	byte ticks;
	do
	:: atomic {
		RESTS(1) && RESTS(2) && RESTS(3) && RESTS(4) && QUIET(0) && QUIET(1) && QUIET(2) &&
		!tick[1] && !tick[2] && !tick[3] && begun == WAITERS ->
		if
		:: ticks < TICKS && (SLEEPS(0) || SLEEPS(1) || SLEEPS(2)) -> ticks++; TICK(0); TICK(1); TICK(2)
		:: else ->
			assert(!KEPT_BY_DEAD(0) && !KEPT_BY_DEAD(1) && !KEPT_BY_DEAD(2));
			assert(!(state[0] == GRANTED && SLEEPS(0)) && !(state[1] == GRANTED && SLEEPS(1)) && !(state[2] == GRANTED && SLEEPS(2)));
#if DEATHS
			assert(!LOST_BY_DEAD(1) && !LOST_BY_DEAD(2) && !LOST_BY_DEAD(3));
#else
			assert(given == returned + dropped);
#endif
			break
		fi
	}
	od
}

active [WAITERS] proctype waiter() {
	byte slot;
	byte at = NONE;
	byte limit;
	bool ok;
	bool notified;
	atomic { begun == _pid - 1 && (lock == 0 || dead[lock]) -> begun = _pid; lock = _pid }
	MAY_DIE
	atomic {
		if
		:: owner[0] == 0 -> slot = 0
		:: owner[0] != 0 && owner[1] == 0 -> slot = 1
		:: owner[0] != 0 && owner[1] != 0 -> assert(owner[2] == 0); slot = 2
		fi;
		owner[slot] = _pid;
		tickets++;
		ticket[slot] = tickets
	}
	MAY_DIE
	state[slot] = WAITING;
	release();
	do
	:: true ->
		atomic { asleep[slot] = (state[slot] == WAITING); resting[_pid] = true }
		if
		:: atomic { !asleep[slot] -> resting[_pid] = false; tick[_pid] = false }
#if DEATHS
		:: atomic { deaths < DEATHS -> deaths++; dead[_pid] = true; goto gone }
#endif
		:: atomic { tick[_pid] -> asleep[slot] = false; resting[_pid] = false; tick[_pid] = false }
#ifndef BUG_DEAD_KEEPS
			sweepStep(0);
			sweepStep(1);
			sweepStep(2)
#endif
#ifdef GIVE_UP
		:: atomic { !tick[_pid] -> asleep[slot] = false; resting[_pid] = false }
			giveUp(slot);
			break
#endif
		fi;
		MAY_DIE
		atomic { notified = (state[slot] == GRANTED); state[slot] = (notified -> TAKEN : state[slot]) }
		if
		:: notified -> break
		:: else
		fi
	od;
#ifdef BUG_FREE_BEFORE_LOCK
	if
	:: notified -> carried[_pid] = born[slot]; free(slot)
	:: else
	fi;
#endif
	atomic {
		lock == 0 || dead[lock] -> lock = _pid;
		returned = returned + notified;
		assert(DEATHS > 0 || returned + dropped <= given);
		carried[_pid] = 0;
#ifndef BUG_FREE_BEFORE_LOCK
		born[slot] = (notified -> 0 : born[slot])
#endif
	}
#ifndef BUG_FREE_BEFORE_LOCK
	if
	:: notified ->
		MAY_DIE
		state[slot] = LEFT;
		free(slot)
	:: else
	fi;
#endif
	release();
gone:
	atomic { slot = 0; ok = false; notified = false; at = NONE; limit = 0; resting[_pid] = true }
}

active proctype notifier() {
	byte at = NONE;
	byte told;
	bool ok;
	if
	:: notify(1)
	:: notify(2)
	fi;
#ifndef ONE_NOTIFY
	if
	:: notify(1)
	:: notify(2)
	fi;
#endif
gone:
	atomic { ok = false; at = NONE; resting[_pid] = true }
}

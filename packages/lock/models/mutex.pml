/*
 * Lock and the mutex below it: src/lock/mutex.ts.
 *
 * PROCS processes take the lock and release it, for ever. Each first tries the one compare-exchange of a newcomer, then
 * waits. Variants, by definitions: GIVE_UP (a wait may end with a time-out or an abort), PENDING (process 1 waits
 * asynchronously), KILL (process 1 may be killed at any step; ON_ABANDONED is RELEASE), LOOKS (a sleeper may look at any
 * time, as it does every 50 ms), FAIR (no newcomer goes before one who waits for long; the last process takes the lock once),
 * NEWCOMERS (only the last process waits; the others try again).
 */
#ifndef PROCS
#define PROCS 3
#endif
#define SLOTS 3

#define TICKS 3
#define COULD_GO true

/* WORD */
#define FREE 0
#define OWNER 3
#define WAITED 4
#define PROMISED 8

byte WORD = FREE;
byte holder;	/* who is inside */
#ifdef ONCE
byte begun;	/* the process that began last: alike processes begin in the order of their numbers */
#define BEGINS (begun == _pid - 1)
#endif

#ifdef FAIR
/*
 * Who has waited for so long that nobody may go before it, and has looked since and found the mark or set it: from then on
 * no newcomer gets in, but where a release or passOn had looked at the line before that.
 */
bool impatient[SLOTS];
#define IS_IMPATIENT(s) (impatient[s] && IN_LINE(s))
#define SOME_IMPATIENT (IS_IMPATIENT(0) || IS_IMPATIENT(1) || IS_IMPATIENT(2))
#define NO_OVERTAKING assert(!SOME_IMPATIENT)
#define GROWS_IMPATIENT(s) if :: slot != NONE && (WORD & OWNER) != 0 && (WORD & WAITED) != 0 -> impatient[s] = true :: true fi;
#define ALWAYS false
#define LEAVES atomic { state[slot] = LEFT; impatient[slot] = false }
#define TOO_EARLY early = !SOME_IMPATIENT
#define DECIDED \
	if \
	:: early -> early = false; impatient[0] = false; impatient[1] = false; impatient[2] = false \
	:: else \
	fi
#define NOBODY_WAS_THERE early = ok; DECIDED
#else
#define NOBODY_WAS_THERE
#define TOO_EARLY
#define DECIDED
#define ALWAYS true
#define SOME_IMPATIENT false
#define NO_OVERTAKING
#define GROWS_IMPATIENT(s)
#endif

#include "waiting.pml"

#define ENTER assert(holder == 0 || holder == dead); holder = _pid

inline tryTake() {
	atomic {
		if
		:: WORD == FREE -> NO_OVERTAKING; WORD = _pid; ENTER; took = true
		:: else -> took = false
		fi
	}
}

inline look() {
	do
	:: true ->
		word = WORD;
		if
		:: (word & OWNER) == 0 ->
			mayGo(1);
			if
			:: !ok -> break
			:: else ->
				others(slot);
#ifdef BUG_WAITED_NOT_PUT_BACK
				ok = false;
#endif
				MAY_DIE
				atomic {
					if
#ifdef BUG_TAKE_BY_STORE
					:: true ->
#else
					:: WORD == word ->
#endif
						WORD = (ok -> _pid | WAITED : _pid); ENTER; took = true
					:: else
					fi;
					ok = false
				}
				if
				:: took -> break
				:: else
				fi
			fi
#ifdef KILL
		:: (word & OWNER) != 0 && (word & OWNER) == dead ->
			MAY_DIE
#ifdef BUG_INHERIT_BY_STORE
			WORD = FREE;
#else
			atomic { WORD = (WORD == word -> FREE : WORD) }
#endif
#endif
		:: else ->
			MAY_DIE
			atomic {
				ok = (slot == NONE || (word & WAITED) != 0 || WORD == word);
				WORD = (WORD == word && slot != NONE -> word | WAITED : WORD);
				GROWS_IMPATIENT(slot)
			}
			if
			:: ok -> ok = false; break
			:: else
			fi
		fi
	od;
	word = 0
}

inline passOn() {
	do
	:: true ->
		word = WORD;
		if
		:: (word & OWNER) != 0 ->
			if
			:: (word & WAITED) != 0 -> break
			:: else ->
				others(NONE);
#ifdef BUG_WAITED_NOT_PUT_BACK
				ok = false;
#endif
				if
				:: !ok -> break
				:: else ->
					MAY_DIE
					atomic { ok = (WORD == word); WORD = (ok -> word | WAITED : WORD) }
					if
					:: ok -> break
					:: else
					fi
				fi
			fi
		:: else ->
			wake(1);
			if
			:: ok || word == FREE -> break
			:: else ->
				MAY_DIE
				atomic { ok = (WORD == PROMISED); WORD = (ok -> FREE : WORD); NOBODY_WAS_THERE }
				if
				:: ok -> break
				:: else
				fi
			fi
		fi
	od;
	atomic { word = 0; ok = false }
}

inline release() {
	do
	:: true ->
		word = WORD;
		assert((word & OWNER) == _pid && holder == _pid);
		if
		:: (word & WAITED) == 0 ->
			MAY_DIE
			atomic { ok = (WORD == word); WORD = (ok -> FREE : WORD); holder = (ok -> 0 : holder) }
			if
			:: ok -> break
			:: else
			fi
		:: else ->
			front(1);	/* isImpatient */
			if
#ifndef BUG_NO_PROMISE
			:: line != 0 -> count = PROMISED
			:: atomic { !SOME_IMPATIENT -> count = FREE; TOO_EARLY }
#else
			:: atomic { count = FREE; TOO_EARLY }
#endif
			fi;
			MAY_DIE
			atomic { line = 0; WORD = count; holder = 0; DECIDED }
			word = count;
			count = 0;
#ifdef BUG_NO_WAKE
			break;
#endif
			wake(1);
			if
#ifndef BUG_PROMISE_TO_NOBODY
			:: !ok && word == PROMISED -> passOn()
#endif
			:: else
			fi;
			break
		fi
	od;
	atomic { word = 0; ok = false }
}

#ifndef KILL
active proctype monitor() {
	do
	:: atomic {
		ALL_REST ->
		assert(holder == 0);
		/* Nobody does anything: then either nobody waits, or one was told and is about to come. */
		assert(!(IN_LINE(0) || IN_LINE(1) || IN_LINE(2)) || (state[0] == GRANTED && !asleep[0]) || (state[1] == GRANTED && !asleep[1]) || (state[2] == GRANTED && !asleep[2]));
		/* A promise is for somebody. */
		assert(WORD == FREE || (WORD == PROMISED && (IN_LINE(0) || IN_LINE(1) || IN_LINE(2))))
	}
	od
}

#endif

active [PROCS] proctype contender() {
	LOCALS;
#ifdef FAIR
	bool early;	/* it looked at the line when nobody was impatient */
#endif
#ifdef ONCE
	atomic { BEGINS -> begun = _pid; CHOOSE_KIND; resting[_pid] = false }
#else
onceMore:
	atomic { CHOOSE_KIND; resting[_pid] = false }
#endif
	tryTake();
	if
	:: took
#ifdef NEWCOMERS
	:: !took && _pid != PROCS
	:: !took && _pid == PROCS -> wait()
#else
	:: !took -> wait()
#endif
#ifdef TRY
	:: !took -> attempt()
#endif
	fi;
	if
	:: took -> took = false; release()
	:: else
	fi;
	atomic { pends[_pid] = false; resting[_pid] = true }
#ifndef ONCE
	if
#ifdef FAIR
	:: _pid == PROCS
#endif
	:: _pid != PROCS || ALWAYS -> goto onceMore
	fi
#endif
#ifdef KILL
gone:
	skip
#endif
}

/*
 * Permits: src/semaphore/permits.ts.
 *
 * Processes 1 and 2 take a permit, or give up, and keep it; the last process gives back 2 permits at once, then (not with ONE_GIFT) 1.
 * Variants as in mutex.pml: GIVE_UP, PENDING, KILL, LOOKS.
 */
#define SLOTS 3
#define PROCS 3	/* of them the last one gives */
#define TICKS 3
#define COULD_GO ((WORD & COUNT) > 0)
#ifndef START
#define START 0
#endif

/* WORD */
#define COUNT 7
#define WAITED 8
#define PROMISED 16

byte WORD = START;
byte begun;	/* the taker that began last: alike processes begin in the order of their numbers */
byte taken;
byte made = START;	/* how many permits there are, taken or not */

#include "waiting.pml"

#define CONSERVED assert((WORD & COUNT) + taken == made)

inline tryTake() {
	word = WORD;
	if
	:: word < WAITED << 1 && (word & COUNT) > 0 ->
		MAY_DIE
		atomic {
			took = (WORD == word);
			WORD = (took -> word - 1 : WORD);
			taken = taken + took;
			CONSERVED
		}
	:: else
	fi;
	word = 0
}

inline look() {
	do
	:: true ->
		word = WORD;
		if
		:: (word & COUNT) > 0 ->
			mayGo(word & COUNT);
			if
			:: !ok -> break
			:: else ->
				others(slot);
				MAY_DIE
				atomic {
#ifdef BUG_TAKE_BY_STORE
					took = true;
#else
					took = (WORD == word);
#endif
					WORD = (took -> (ok -> (word - 1) | WAITED : (word & COUNT) - 1) : WORD);
					taken = taken + took;
					ok = false;
					CONSERVED
				}
				if
				:: took -> break
				:: else
				fi
			fi
		:: else ->
			MAY_DIE
			atomic {
				ok = (slot == NONE || (word & WAITED) != 0 || WORD == word);
#ifndef BUG_NOT_MARKED
				WORD = (WORD == word && slot != NONE -> word | WAITED : WORD)
#endif
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
		ok = false;
		if
		:: (word & COUNT) > 0 ->
#ifdef BUG_WAKE_ONE
			wake(1)
#else
			wake(word & COUNT)
#endif
		:: else
		fi;
		if
		:: ok -> break
		:: else ->
			others(NONE);
			MAY_DIE
			atomic {
#ifdef BUG_PASS_ON_CLEARS_WAITED
				count = (ok -> word | WAITED : word & COUNT);
#else
				count = (ok -> word | WAITED : word & (COUNT | WAITED));
#endif
				ok = (WORD == word);
				WORD = (ok -> count : WORD);
				count = 0
			}
			if
			:: ok -> break
			:: else
			fi
		fi
	od;
	atomic { word = 0; ok = false }
}

inline giveBack(permits) {
	do
	:: true ->
		word = WORD;
		if
		:: word < WAITED ->
			atomic {
				ok = (WORD == word);
				WORD = (ok -> word + permits : WORD);
				made = (ok -> made + permits : made);
				CONSERVED
			}
			if
			:: ok -> break
			:: else
			fi
		:: else ->
			front(1);	/* isImpatient */
			if
			:: line != 0 -> count = PROMISED
			:: count = 0
			fi;
			MAY_DIE
			atomic {
				ok = (WORD == word);
				WORD = (ok -> ((word & COUNT) + permits) | count : WORD);
				made = (ok -> made + permits : made);
				line = 0;
				count = 0;
				CONSERVED
			}
			if
			:: ok ->
#ifndef BUG_NO_WAKE
				passOn();
#endif
				break
			:: else
			fi
		fi
	od;
	atomic { word = 0; ok = false }
}

#ifndef KILL
#define IN_LINE_NOW (IN_LINE(0) + IN_LINE(1) + IN_LINE(2))
#define TOLD(s) (state[s] == GRANTED && !asleep[s])

active proctype monitor() {
	do
	:: atomic { ALL_REST ->
		/* Nobody does anything: then of those in line as many were told, and are about to come, as there are permits. */
		assert(TOLD(0) + TOLD(1) + TOLD(2) >= IN_LINE_NOW || TOLD(0) + TOLD(1) + TOLD(2) >= (WORD & COUNT));
		/* No newcomer is kept out for nobody. */
		assert(WORD < PROMISED || IN_LINE_NOW > 0)
	}
	od
}
#endif

active [PROCS] proctype process() {
	LOCALS;
	if
	:: _pid == PROCS ->
		resting[_pid] = false;
		giveBack(2);
#ifndef ONE_GIFT
		resting[_pid] = true;
		resting[_pid] = false;
		giveBack(1)
#endif
	:: else ->
		atomic { begun == _pid - 1 -> begun = _pid; CHOOSE_KIND; resting[_pid] = false }
		tryTake();
		if
		:: took
		:: else -> wait()
		fi
	fi;
	atomic { took = false; pends[_pid] = false; resting[_pid] = true }
#ifdef KILL
gone:
	skip
#endif
}

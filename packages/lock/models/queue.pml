/*
 * Queue: src/queue/exchange.ts, and store.ts with the two states of what it keeps.
 *
 * Processes 1 and 2 get an item each and process 3 puts ITEMS, one after the other; with TWO_PUT processes 1 and 2 put
 * that many each and process 3 gets GETS. At most MOST wait. Variants: TRY (who finds somebody in line looks once, and may
 * leave it at that), SHUT (process 3 shuts the queue in the end; IMMEDIATE), and as in mutex.pml GIVE_UP, KILL, LOOKS.
 *
 * The guard is one step here: guard.pml proves it. So is a pass over the table.
 */
#define SLOTS 3
#define PROCS 3
#define TICKS 3
#define COARSE

#ifndef MOST
#define MOST 1
#endif
#ifndef ITEMS
#define ITEMS 2
#endif
#ifndef GETS
#define GETS 1
#endif

/* Line 0 is in slots 0 and 1, line 1 in slot 2. `works` is the line a process works on: its own, or that of the others. */
#define OF_LINE(s) (((s) == 2) == works)
#define FIRST_SLOT (works -> 2 : 0)
#define OWN (_pid == PROCS)
#ifdef TWO_PUT
#define GETTERS 1
#else
#define GETTERS 0
#endif

bool mark[2];	/* GET_WAITED and PUT_WAITED, by line */

/* The store. An item is its number and who puts it; the items are at `head` and what follows. */
byte guard;
bit current;	/* CURRENT: which state holds */
byte stored[2];	/* COUNT */
byte head[2];
bool shut[2];
byte ring[MOST];

#define ITEM(p, number) ((p) * 4 + (number))
#define FREE_AT(s) ((head[s] + stored[s]) % MOST)

/* Not in the memory: to check with. */
byte put[PROCS + 1];	/* the number of the last item by each */
byte got[PROCS + 1];
bool saidShut;
bool saidEmpty;
byte begun;	/* the process of the two that began last: they begin in the order of their numbers */

#define ITEMS_NOW stored[current]
#define PLACES(l) ((l) == GETTERS -> ITEMS_NOW : MOST - ITEMS_NOW)
#define COULD_GO (shut[current] || ((SLEEPS(0) || SLEEPS(1)) && PLACES(0) > 0) || (SLEEPS(2) && PLACES(1) > 0))

#include "waiting.pml"

#define CONSERVED assert(ITEMS_NOW <= MOST && put[1] + put[2] + put[3] == got[1] + got[2] + got[3] + ITEMS_NOW)

inline enter() {
	MAY_DIE
#ifdef BUG_DEAD_KEEP_GUARD
#define MAY_ENTER (guard == 0)
#else
#define MAY_ENTER (guard == 0 || guard == dead)
#endif
	atomic {
		MAY_ENTER -> guard = _pid;
#ifdef BUG_ONE_STATE
		to = current;
#else
		to = 1 - current;
#endif
		stored[to] = stored[current];
		head[to] = head[current];
		shut[to] = shut[current]
	}
}

/* What only the one inside reads, and what others read of the state that does not hold, is one step with the next write. */
#ifdef KILL
#define TOGETHER
#else
#define TOGETHER atomic
#endif

inline exit() {
	MAY_DIE
	atomic { guard = 0; to = 0 }
}

/*
 * What is read without the guard. It is one step: who has read a word loads CURRENT once more and begins again if it has
 * changed; it counts the changes, so that it is never the same again.
 */
#ifdef BUG_READ_UNCHECKED
#define READ
#else
#define READ atomic
#endif

/* places: as many as can go */
inline readPlaces() {
	READ {
		to = current;
		atomic { places = (works == GETTERS -> stored[to] : MOST - stored[to]); to = 0 }
	}
}

inline readShut() {
	READ {
		to = current;
		atomic { isShut = shut[to]; to = 0 }
	}
}

inline grantStep(s) {
	if
	:: OF_LINE(s) && state[s] == WAITING ->
		MAY_DIE
		atomic { ok = (state[s] == WAITING); state[s] = (ok -> GRANTED : state[s]) }
		if
		:: ok ->
			MAY_DIE
			atomic { asleep[s] = false; ok = false }
		:: else
		fi
	:: else
	fi
}

inline wakeAll() {
	grantStep(0);
#ifdef BUG_SHUT_WAKES_ONE
	if
	:: works == 0
	:: else -> grantStep(2)
	fi
#else
	grantStep(1);
	grantStep(2)
#endif
}

/* Wakes as many as can go. */
inline wakeLine() {
	if
	:: !mark[works]
	:: else ->
		readPlaces();
		if
		:: works == GETTERS -> readShut()
		:: else
		fi;
		if
		:: isShut -> wakeAll()
		:: !isShut && places > 0 -> wake(places)
		:: else
		fi;
		atomic { isShut = false; places = 0; ok = false }
	fi
}

inline passOn() {
	others(NONE);
	if
	:: ok
	:: else ->
		MAY_DIE
		mark[works] = false;
#ifndef BUG_UNMARK_WITHOUT_LOOK
		others(NONE);
		if
		:: ok ->
			MAY_DIE
			mark[works] = true
		:: else
		fi
#endif
	fi;
	ok = false;
	wakeLine()
}

#define GOT(item) \
	assert((item) % 4 == got[(item) / 4] + 1); \
	got[(item) / 4]++

/* Its answer is that the queue was shut, and for who gets that it is empty. */
#define ANSWER \
	took = true; \
	answered = true; \
	saidShut = true; \
	saidEmpty = (saidEmpty || OWN == GETTERS)

/* took: it did; else it could not. What was put or got then lets the other line go on. */
inline change() {
	enter();
	if
	:: OWN == GETTERS && stored[to] > 0 ->
		item = ring[head[to]];
		TOGETHER {
			MAY_DIE
			head[to] = (head[to] + 1) % MOST;
			MAY_DIE
			stored[to]--
		}
		MAY_DIE
		atomic { current = to; took = true; GOT(item); CONSERVED; item = 0 }
	:: OWN != GETTERS && shut[to] -> atomic { ANSWER }
	:: OWN != GETTERS && !shut[to] && stored[to] < MOST ->
#ifdef BUG_COMMIT_FIRST
		item = FREE_AT(to);
		stored[to]++;
		MAY_DIE
		atomic { current = to; took = true; put[_pid]++; CONSERVED }
		MAY_DIE
		atomic { ring[item] = ITEM(_pid, put[_pid]); item = 0 }
#else
		TOGETHER {
			MAY_DIE
			ring[FREE_AT(to)] = ITEM(_pid, put[_pid] + 1);
			MAY_DIE
			stored[to]++
		}
		MAY_DIE
		atomic { current = to; took = true; put[_pid]++; CONSERVED }
#endif
	:: else
	fi;
#ifdef BUG_WAKE_WHEN_EMPTY
	atomic { ok = (OWN == GETTERS || stored[to] == 1) }
#else
	ok = true;
#endif
	exit();
	if
	:: took && !answered && ok ->
		atomic { works = 1 - works; ok = false }
		wakeLine();
		works = 1 - works
	:: else -> ok = false
	fi
}

inline look() {
	do
	:: true ->
#ifdef BUG_COUNT_BEFORE_SHUT
		readPlaces();
		readShut();
#else
		readShut();
		readPlaces();
#endif
		if
		:: isShut && (OWN != GETTERS || places == 0) -> atomic { ANSWER; isShut = false; places = 0; break }
		:: !(isShut && OWN != GETTERS) && places > 0 ->
			isShut = false;
			mayGo(places);
			places = 0;
			if
#ifdef BUG_SLEEP_UNMARKED
			:: !ok -> break
#else
			:: !ok
#endif
			:: ok ->
				ok = false;
				change();
				if
				:: took -> break
#ifdef BUG_SLEEP_ON_NOTHING
				:: else
#else
				:: else -> isShut = (OWN == GETTERS)
#endif
				fi
			fi
		:: else -> isShut = false
		fi;
		if
		:: isShut -> isShut = false	/* somebody was faster: perhaps it was the last item of a queue that is shut */
		:: !isShut && slot == NONE -> break
		:: else ->
			MAY_DIE
			atomic { ok = !mark[works]; mark[works] = true }
#ifdef BUG_NO_SECOND_LOOK
			ok = false;
#endif
			if
			:: ok -> ok = false
			:: else -> break
			fi
		fi
	od
}

inline shutDown() {
	enter();
	MAY_DIE
	shut[to] = true;
#ifdef IMMEDIATE
	MAY_DIE
	stored[to] = 0;
#endif
	MAY_DIE
	atomic {
		current = to;
#ifdef IMMEDIATE
		got[1] = put[1];
		got[2] = put[2];
		got[3] = put[3];
#endif
		CONSERVED
	}
	exit();
	works = GETTERS;
	wakeAll();
	works = 1 - GETTERS;
	wakeAll();
	works = OWN
}

/* One put or get. */
inline turn() {
	if
	:: !mark[works] -> change()
	:: else
#ifdef TRY
		-> attempt()
#endif
	fi;
	if
	:: took
#ifdef TRY
	:: !took
#endif
	:: !took -> wait()
	fi;
	took = false
}

#define TOLD(s) (state[s] == GRANTED && !asleep[s])
/* Of those in a line as many were told, and are about to come, as can go; or all. */
#define IS_OVER(l) (shut[current] && ((l) != GETTERS || ITEMS_NOW == 0))
#define ENOUGH_TOLD(told, inLine, l) ((told) >= (inLine) || (!IS_OVER(l) && (told) >= PLACES(l)))
#define TOLD_THE_TRUTH ((!saidShut || shut[current]) && (!saidEmpty || ITEMS_NOW == 0))
#define UNMARKED(s, l) (IN_LINE(s) && asleep[s] && !mark[l])

#ifndef KILL
active proctype monitor() {
	do
	:: atomic { ALL_REST ->
		assert(guard == 0 && TOLD_THE_TRUTH);
		assert(ENOUGH_TOLD(TOLD(0) + TOLD(1), IN_LINE(0) + IN_LINE(1), 0));
		assert(ENOUGH_TOLD(TOLD(2), IN_LINE(2), 1));
		assert(shut[current] || (!UNMARKED(0, 0) && !UNMARKED(1, 0) && !UNMARKED(2, 1)))
	}
	od
}
#endif

active [PROCS] proctype process() {
	LOCALS;
	byte to;	/* one of the states */
	byte places;
	byte item;
	byte times;
	bool isShut;
	bool answered;
	bool works = OWN;
	atomic { _pid == PROCS || begun == _pid - 1 -> begun = (_pid == PROCS -> begun : _pid); resting[_pid] = false }
	do
	:: times < (_pid == PROCS -> (GETTERS == 1 -> GETS : ITEMS) : (GETTERS == 0 -> 1 : ITEMS)) && !answered ->
		times++;
		turn()
	:: else -> break
	od;
#ifdef SHUT
	if
	:: _pid == PROCS -> answered = false; shutDown()
	:: else
	fi;
#endif
	atomic { times = 0; answered = false; pends[_pid] = false; resting[_pid] = true }
#ifdef KILL
gone:
	skip
#endif
}

#ifdef KILL
/* Nobody waits for the guard for ever. */
active proctype watchman() {
	timeout;
	assert(ALL_REST);
	assert(TOLD_THE_TRUTH)
}
#endif

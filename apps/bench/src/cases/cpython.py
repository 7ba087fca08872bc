"""`cpython.py NAME N` does what has that name N times (`NAME N K`: with K of them in flight) and prints {"seconds": …}, without what starting took."""

import json
import multiprocessing
import queue
import statistics
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from time import perf_counter


def take(lock, n):
    start = perf_counter()
    for _ in range(n):
        lock.acquire()
        lock.release()
    return perf_counter() - start


def flag(event, n):
    start = perf_counter()
    for _ in range(n):
        event.set()
        event.clear()
    return perf_counter() - start


def increments(lock, n):
    """By two threads, n in all."""
    total = 0
    gate = threading.Barrier(3)

    def add():
        nonlocal total
        enter(gate)
        for _ in range(n // 2):
            lock.acquire()
            total += 1
            lock.release()

    threads = [threading.Thread(target=add) for _ in range(2)]
    for thread in threads:
        thread.start()
    start = enter(gate)
    for thread in threads:
        thread.join()
    seconds = perf_counter() - start
    assert total == n // 2 * 2
    return seconds


def turns(condition, n):
    """Two threads that hand a turn to each other, n times in all."""
    turn = 0
    gate = threading.Barrier(2)

    def take_turns(mine):
        nonlocal turn
        start = enter(gate)
        with condition:
            for _ in range(n // 2):
                condition.wait_for(lambda: turn == mine)
                turn = 1 - mine
                condition.notify()
        return start

    other = threading.Thread(target=take_turns, args=(1,))
    other.start()
    start = take_turns(0)
    other.join()
    return perf_counter() - start


def through(items, gate, party, n):
    """From a thread or process to this one."""
    putter = party(target=put, args=(items, gate, n))
    putter.start()
    start = enter(gate)
    for _ in range(n):
        items.get()
    seconds = perf_counter() - start
    putter.join()
    return seconds


def put(items, gate, n):
    enter(gate)
    for i in range(n):
        items.put(i)


def enter(gate):
    """Waits until everybody is there, and goes when everybody knows; gives when that was."""
    gate.wait()
    start = perf_counter()
    gate.wait()
    return start


def between_threads(items, n):
    return through(items, threading.Barrier(2), threading.Thread, n)


def between_processes(items, n):
    return through(items, multiprocessing.Barrier(2), multiprocessing.Process, n)


def read_local(n):
    request = threading.local()
    request.id = 1
    total = 0
    start = perf_counter()
    for _ in range(n):
        total += request.id
    seconds = perf_counter() - start
    assert total == n
    return seconds


WORKERS = 2


def following(n):
    return n + 1


def in_flight(submit, n, k):
    """n tasks, k of them under way at any moment; `submit` calls its second argument when one is done."""
    slots = threading.Semaphore(k)

    def done(_):
        slots.release()

    start = perf_counter()
    for i in range(n):
        slots.acquire()
        submit(i, done)
    for _ in range(k):
        slots.acquire()
    return perf_counter() - start


def pool_in_flight(n, k):
    with multiprocessing.Pool(WORKERS) as pool:
        pool.map(following, range(WORKERS))
        return in_flight(lambda i, done: pool.apply_async(following, (i,), callback=done), n, k)


def executor_in_flight(n, k):
    with ProcessPoolExecutor(WORKERS) as executor:
        list(executor.map(following, range(WORKERS)))
        return in_flight(lambda i, done: executor.submit(following, i).add_done_callback(done), n, k)


def pool_round_trip(n):
    """The median of one, not the sum of all."""
    with multiprocessing.Pool(WORKERS) as pool:
        times = []
        for i in range(n):
            start = perf_counter()
            pool.apply(following, (i,))
            times.append(perf_counter() - start)
        return statistics.median(times)


def pool_map(n):
    with multiprocessing.Pool(WORKERS) as pool:
        return mapping(lambda items: pool.map(following, items), n)


def executor_map(n):
    """In chunks as large as those of multiprocessing.Pool: with its own, which are of 1, it takes a hundred times as long."""
    with ProcessPoolExecutor(WORKERS) as executor:
        chunksize = -(-n // (WORKERS * 4))
        return mapping(lambda items: list(executor.map(following, items, chunksize=chunksize)), n)


def mapping(run, n):
    items = list(range(n))
    run(items)  # as the others are measured, with workers that did it before
    start = perf_counter()
    run(items)
    return perf_counter() - start


def pipe_round_trips(n):
    here, there = multiprocessing.Pipe()
    child = multiprocessing.Process(target=echo, args=(there,))
    child.start()
    here.send(0)
    here.recv()
    start = perf_counter()
    for i in range(n):
        here.send(i)
        here.recv()
    seconds = perf_counter() - start
    here.send(None)
    child.join()
    return seconds


def echo(there):
    while (value := there.recv()) is not None:
        there.send(value)


def manager_set(n):
    with multiprocessing.Manager() as manager:
        values = manager.dict()
        start = perf_counter()
        for i in range(n):
            values[i] = i
        return perf_counter() - start


def manager_lock(n):
    with multiprocessing.Manager() as manager:
        return take(manager.Lock(), n)


def lock_between_processes(n):
    """In a child, where nobody else wants it."""
    answers = multiprocessing.SimpleQueue()
    child = multiprocessing.Process(target=take_and_tell, args=(multiprocessing.Lock(), answers, n))
    child.start()
    seconds = answers.get()
    child.join()
    return seconds


def take_and_tell(lock, answers, n):
    answers.put(take(lock, n))


CASES = {
    "multiprocessing.Pipe": pipe_round_trips,
    "Manager().dict()": manager_set,
    "Manager().Lock()": manager_lock,
    "multiprocessing.Lock, in a child": lock_between_processes,
    "multiprocessing.Pool.apply_async": pool_in_flight,
    "ProcessPoolExecutor.submit": executor_in_flight,
    "multiprocessing.Pool.apply": pool_round_trip,
    "multiprocessing.Pool.map": pool_map,
    "ProcessPoolExecutor.map": executor_map,
    "threading.Lock": lambda n: take(threading.Lock(), n),
    "threading.RLock": lambda n: take(threading.RLock(), n),
    "threading.Semaphore": lambda n: take(threading.Semaphore(), n),
    "multiprocessing.Lock": lambda n: take(multiprocessing.Lock(), n),
    "threading.local": read_local,
    "threading.Event": lambda n: flag(threading.Event(), n),
    "threading.Lock, contended": lambda n: increments(threading.Lock(), n),
    "threading.Condition": lambda n: turns(threading.Condition(), n),
    "queue.Queue": lambda n: between_threads(queue.Queue(), n),
    "queue.SimpleQueue": lambda n: between_threads(queue.SimpleQueue(), n),
    "multiprocessing.Queue": lambda n: between_processes(multiprocessing.Queue(), n),
}

if __name__ == "__main__":
    run, (n, *k) = CASES[sys.argv[1]], map(int, sys.argv[2:])
    run(n // 10, *k)  # warms up
    print(json.dumps({"seconds": run(n, *k)}))

import { Local } from '@conc/local';
import { currentThread, Thread } from '@conc/thread';

export async function localExample(): Promise<void> {
	const school = new Local<{ student: string }>();

	const processStudent = () => console.log(`Hello, ${school.student} (in ${currentThread().name})`);
	const processThread = (name: string) => {
		school.student = name;
		processStudent();
	};

	const alice = new Thread({ target: processThread, args: ['Alice'], name: 'Thread-A' });
	const bob = new Thread({ target: processThread, args: ['Bob'], name: 'Thread-B' });
	alice.start();
	await alice.join();
	bob.start();
	await bob.join();
}

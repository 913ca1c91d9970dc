import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A process that answers one question at a time; see `answering`. */
export const startWorker = async (file, ...args) => {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args);
  const exit = once(child, 'exit');
  const answer = async () => {
    const gone = exit.then(([code, signal]) => [{ error: `${file} ended with ${signal ?? code}` }]);
    const [message] = await Promise.race([once(child, 'message'), gone]);
    if (message.error !== undefined) throw new Error(message.error);
    return message;
  };
  await answer();
  return {
    pid: child.pid,
    ask: (question) => {
      child.send(question);
      return answer();
    },
    end: async () => {
      child.disconnect();
      await exit;
    },
  };
};

/** The other side: `work` is given a question and resolves to the answer. */
export const answering = (work) => {
  process.on('message', (question) => {
    work(question).then(
      (answer) => process.send?.(answer),
      (error) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
    );
  });
  process.once('disconnect', () => process.exit(0));
  process.send?.({ ready: true });
};

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Removes a folder in which commands of a repository ran, whatever they left there: nested deeper than any path may be
 * long, which Node's own `rm` gives up on, or closed to its owner. No link is followed. A folder that is not there is fine.
 */
export const removeTree = async (directory: string): Promise<void> => {
  const remove = () => run('rm', ['-rf', '--', directory]);
  try {
    await remove();
  } catch {
    await run('chmod', ['-R', 'u+rwX', '--', directory]).catch(() => undefined); // what stays closed, rm names
    await remove();
  }
};

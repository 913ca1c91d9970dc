import { execFile } from 'node:child_process';
import { closeSync, constants, open } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Our end, and the descriptor for the child, to be closed here once the child has it. */
export interface OutputPipe {
  readonly reader: Socket;
  readonly writer: number;
  closeWriter(): void;
}

const run = promisify(execFile);
const openFile = promisify(open);

/**
 * A real pipe. What Node calls a pipe is a socket, and a program that opens /dev/stdout or /dev/stderr, as shell scripts
 * do, cannot open that. Its mode lets any user id open it anew; nobody else can, for its name is gone.
 */
export const outputPipe = async (): Promise<OutputPipe> => {
  const folder = await mkdtemp(join(tmpdir(), 'hyper-run-pipe-'));
  try {
    const path = join(folder, 'output');
    await run('mkfifo', ['-m', '666', path]);
    const reader = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const writer = await openFile(path, constants.O_WRONLY);
    const socket = new Socket({ fd: reader, readable: true, writable: false });
    return { reader: socket, writer, closeWriter: () => closeSync(writer) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

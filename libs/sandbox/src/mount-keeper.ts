import { type ChildProcess, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { HyperRunError } from '#contracts';
import { CapturedOutput } from './captured-output.js';
import { withoutInherited } from './inherited-descriptors.js';
import { kill } from './process-table.js';

export const SYSTEM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * A process that holds mounts which nobody else sees, in a namespace of its own. It ends with its input, that is with us,
 * however we end; and the mounts end with it.
 */
export class MountKeeper {
  readonly #words = new CapturedOutput(8192);
  readonly #heard: string[] = [];
  readonly #ended: Promise<void>;
  readonly #child: ChildProcess;
  #listen: () => void = () => undefined;

  constructor(file: string, args: readonly string[]) {
    this.#child = spawn(file, [...args], {
      cwd: '/',
      env: { PATH: SYSTEM_PATH },
      detached: true,
      stdio: withoutInherited(['pipe', 'pipe', 'pipe']),
    });
    const { stdin, stdout, stderr } = this.#child;
    stderr?.on('data', (chunk: Buffer) => this.#words.push(chunk));
    stdin?.on('error', () => undefined); // it ended: `says` tells why
    this.#ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(this.#words.push(Buffer.from(error.message))));
      this.#child.once('close', () => resolve());
    });
    if (stdout)
      createInterface({ input: stdout }).on('line', (line) => {
        this.#heard.push(line);
        this.#listen();
      });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** @throws HyperRunError `sandbox.no-space` */
  async says(word: string): Promise<void> {
    const heard = new Promise<boolean>((resolve) => {
      this.#listen = () => this.#heard.includes(word) && resolve(true);
      this.#listen();
    });
    if (await Promise.race([heard, this.#ended.then(() => false)])) return;
    throw this.#failure('An overlay over the tree could not be mounted');
  }

  goOn(): void {
    this.#child.stdin?.write('go\n');
  }

  /** Its process id is its own for as long as it lives: only then do paths below `/proc/<pid>` lead where they should. */
  assertThere(): void {
    if (this.pid === 0 || this.#child.exitCode !== null || this.#child.signalCode !== null)
      throw this.#failure('The overlay over the tree broke down');
  }

  async end(): Promise<void> {
    this.#child.stdin?.end();
    if (this.pid > 0) kill(-this.pid, 'SIGKILL');
    await this.#ended;
  }

  #failure(what: string): HyperRunError {
    const why = this.#words.bytes().toString('utf8').trim();
    return new HyperRunError('sandbox.no-space', `${what}: ${why || 'no word why'}`, {}, 'operator');
  }
}

/**
 * A user namespace that knows two users, root and one more, as only root can make it; held until `work`, which is given what
 * brings a program into it, is done.
 */
export const inMappedNamespace = async <T>(id: number, work: (enter: readonly string[]) => Promise<T>): Promise<T> => {
  const holder = new MountKeeper('unshare', ['--user', '--', 'sh', '-c', 'echo held; exec cat >/dev/null']);
  try {
    await holder.says('held');
    const map = `0 0 1\n${id} ${id} 1\n`;
    for (const name of ['uid_map', 'gid_map']) await writeFile(`/proc/${holder.pid}/${name}`, map);
    return await work(['nsenter', `--user=/proc/${holder.pid}/ns/user`, '--']);
  } finally {
    await holder.end();
  }
};

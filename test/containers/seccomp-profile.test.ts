import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { endianness, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { detectIsolation } from '#sandbox';
import { findTool, type Tool } from '#system-tools';

const run = promisify(execFile);
const PROFILE = new URL('../../docker/seccomp.json', import.meta.url);
const SELF_TEST = new URL('../../dist/libs/sandbox/src/index.js', import.meta.url);

interface Profile {
  readonly defaultAction: string;
  readonly syscalls: readonly {
    readonly names: readonly string[];
    readonly action: string;
    readonly errnoRet: number;
  }[];
}

/** Of those that the profile names, what x86-64 has, by the number that its kernel knows it by. */
const NUMBERS: Readonly<Record<string, number>> = {
  kexec_load: 246, kexec_file_load: 320, reboot: 169, init_module: 175, finit_module: 313, delete_module: 176,
  create_module: 174, bpf: 321, uselib: 134, perf_event_open: 298, process_vm_readv: 310, process_vm_writev: 311,
  kcmp: 312, lookup_dcookie: 212, syslog: 103, add_key: 248, request_key: 249, keyctl: 250, open_by_handle_at: 304,
  name_to_handle_at: 303, nfsservctl: 180, fanotify_init: 300, userfaultfd: 323, io_uring_setup: 425,
  io_uring_enter: 426, io_uring_register: 427, modify_ldt: 154, settimeofday: 164, clock_settime: 227,
  clock_adjtime: 305, adjtimex: 159, swapon: 167, swapoff: 168, quotactl: 179, quotactl_fd: 443, acct: 163,
  iopl: 172, ioperm: 173, vhangup: 153,
}; // prettier-ignore
const ELSEWHERE = ['vm86', 'vm86old', 'stime', 'clock_settime64', 'clock_adjtime64'];

/** The profile as the kernel takes it: load the number, compare it with each that is denied, answer. */
const filterOf = ({ syscalls }: Profile): Buffer => {
  const denied = syscalls.flatMap(({ names }) => names.flatMap((name) => NUMBERS[name] ?? []));
  const instruction = (code: number, yes: number, no: number, value: number) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(code, 0);
    bytes.writeUInt8(yes, 2);
    bytes.writeUInt8(no, 3);
    bytes.writeUInt32LE(value, 4);
    return bytes;
  };
  const compare = denied.map((number, index) => instruction(0x15, denied.length - index, 0, number));
  return Buffer.concat([instruction(0x20, 0, 0, 0), ...compare, instruction(0x06, 0, 0, 0x7fff0000), instruction(0x06, 0, 0, 0x00050001)]); // prettier-ignore
};

const bwrap = await findTool('bwrap').catch(() => undefined);
const confines = (await detectIsolation({ bwrap })).level !== 'none';
const canTry = confines && process.arch === 'x64' && endianness() === 'LE';

/** In a sandbox that shows the whole machine and only lays a filter upon it, as a container does. */
const under = (filter: string | undefined, command: string) => {
  const { path, env } = bwrap as Tool;
  const [descriptor, option] = filter === undefined ? ['', []] : ['9<"$FILTER"', ['--seccomp', '9']];
  const all = ['--bind', '/', '/', '--dev-bind', '/dev', '/dev', '--cap-add', 'ALL', ...option];
  const argv = ['-c', `exec "$@" ${descriptor}`, 'sh', path, ...all, '--', 'sh', '-c', command];
  return run('sh', argv, { env: { ...process.env, ...env, FILTER: filter, BWRAP: path } });
};
/** What the self test of our own sandbox says in there. */
const levelUnder = async (filter?: string): Promise<string> => {
  const script = `import('${SELF_TEST.href}').then(async ({ detectIsolation }) => console.log((await detectIsolation({ bwrap: { path: process.env.BWRAP, env: process.env } })).level))`;
  return (await under(filter, `node -e "${script}"`)).stdout.trim();
};
/** One sandbox within another is not given to every ordinary user: what the filter leaves of it can then not be told. */
const nests = canTry && (await levelUnder()) !== 'none';

describe('the seccomp profile for containers', () => {
  let profile: Profile;
  let folder: string;
  const filter = () => join(folder, 'filter');
  beforeAll(async () => {
    profile = JSON.parse(await readFile(PROFILE, 'utf8')) as Profile;
    folder = await mkdtemp(join(tmpdir(), 'hyper-run-seccomp-'));
    await writeFile(filter(), filterOf(profile));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('names system calls, allows the rest, and answers those with EPERM', () => {
    expect(profile.defaultAction).toBe('SCMP_ACT_ALLOW');
    for (const { action, errnoRet } of profile.syscalls) expect({ action, errnoRet }).toEqual({ action: 'SCMP_ACT_ERRNO', errnoRet: 1 }); // prettier-ignore
    const names = profile.syscalls.flatMap((entry) => entry.names);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !(name in NUMBERS)).toSorted()).toEqual(ELSEWHERE.toSorted());
    for (const needed of ['clone', 'clone3', 'unshare', 'setns', 'mount', 'umount2', 'pivot_root', 'sethostname'])
      expect(names).not.toContain(needed);
  });

  (nests ? it : it.skip)('leaves the sandbox whole: its self test passes under it, overlay included', async () => {
    expect(await levelUnder(filter())).toBe(await levelUnder());
  });

  (canTry ? it : it.skip)('denies what it names, and runs what it does not', async () => {
    const { stdout } = await under(
      filter(),
      "grep '^Seccomp:' /proc/self/status; dmesg --syslog >/dev/null 2>&1 || echo denied",
    );
    expect(stdout).toBe('Seccomp:\t2\ndenied\n');
  });
});

import { expect } from '@jest/globals';
import {
  alone,
  collected,
  denied,
  executable,
  file,
  gone,
  link,
  refused,
  refusedRaw,
  write,
  type Attack,
} from '../attack.js';
import { connects } from './connects.js';

const READ_ONLY = 'read-only mounts';

/** A racer swaps a folder for a link while another process writes through it; 0: something was written outside. */
const RACE = `mkdir -p docs/r9/d; ln -s ../../src docs/r9/l
(while :; do mv -T docs/r9/d docs/r9/t; mv -T docs/r9/l docs/r9/d; mv -T docs/r9/d docs/r9/l; mv -T docs/r9/t docs/r9/d; done) 2>/dev/null & racer=$!
i=0; while [ $i -lt 3000 ]; do { echo x > docs/r9/d/nine; } 2>/dev/null; i=$((i+1)); done
kill $racer; wait $racer; rm -r docs/r9; test -e src/nine`;

/** What a file is, and what it leads to. */
export const LINKS: readonly Attack[] = [
  {
    number: 4,
    attack: 'writes through a symbolic link that leads out of the scope',
    memory: [write('docs/link/y', 'tree.symlink', { but: 'docs/link2/y' })],
    sandbox: [
      denied(READ_ONLY, 'echo x > docs/link/y', { but: 'echo x > docs/d/y' }),
      denied(READ_ONLY, "ln -s ../src docs/l4; trap 'rm docs/l4' EXIT; echo x > docs/l4/y", {
        but: "ln -s d docs/l4; trap 'rm docs/l4' EXIT; echo x > docs/l4/z",
      }),
      collected('ln -s ../src docs/l4', [['docs/l4', 'collect.symlink']], {
        but: 'mkdir docs/f4; echo x > docs/f4/y',
        leaves: ['docs/f4/y'],
      }),
    ],
    gate: [refused(link('docs/l', '../src'), ['gate.symlink'], { but: file('docs/l') })],
  },
  {
    number: 5,
    attack: 'leaves a symbolic link for somebody else to read or write through',
    memory: [write('docs/link', 'tree.symlink', { but: 'docs/p' })],
    sandbox: [
      collected(
        'ln -s /etc/passwd docs/p5; rm docs/link; ln -s /etc/passwd docs/link',
        [
          ['docs/link', 'collect.symlink'],
          ['docs/p5', 'collect.symlink'],
        ],
        { but: 'cp /etc/passwd docs/p5', leaves: ['docs/p5'] },
      ),
    ],
    gate: [
      refused(link('docs/p', '/etc/passwd'), ['gate.symlink'], { but: file('docs/p') }),
      refused(link('docs/a.md', 'x'), ['gate.symlink', 'gate.mode-changed'], { but: file('docs/a.md') }),
      refused(file('docs/link'), ['gate.symlink', 'gate.mode-changed'], { but: file('docs/link2') }),
    ],
  },
  {
    number: 6,
    attack: 'creates a file through a link that leads to nothing yet',
    memory: [write('docs/dangling', 'tree.symlink', { but: 'docs/dangling2' })],
    sandbox: [
      denied(READ_ONLY, 'echo x > docs/dangling', { but: 'echo x > docs/dangling2' }),
      collected('ln -s d/new docs/l6; echo x > docs/l6', [['docs/l6', 'collect.symlink']], {
        but: 'echo x > docs/d/new',
        leaves: ['docs/d/new'],
      }),
    ],
    gate: 'It follows no link; that one is there is attack 5.',
  },
  {
    number: 9,
    attack: 'swaps a folder for a link between a check and the writing',
    memory: 'There is no file system, and so no moment between.',
    sandbox: [
      denied(READ_ONLY, RACE, { but: 'mkdir docs/n9; echo x > docs/n9/nine; test -e docs/n9/nine' }),
      alone('its end before anything is read', async (place) => {
        const inside = await place.openSandbox(['docs/**']);
        try {
          const racer = 'setsid sh -c "while :; do rm -rf docs/t; mkdir docs/t; ln -s /etc docs/t/x; done" & until [ -e docs/t ]; do :; done; echo on; wait'; // prettier-ignore
          const child = await inside.start(['sh', '-c', racer]);
          await new Promise((resolve) => child.stdout.once('data', resolve));
          const first = await inside.collect().then(({ violations }) => violations, String);
          expect(await child.ended).toMatchObject({ exitCode: null });
          await expect(inside.shell('true')).rejects.toMatchObject({ code: 'sandbox.over' });
          expect(await inside.collect().then(({ violations }) => violations.slice(0, first.length), String)).toEqual(
            first,
          );
        } finally {
          await inside.close();
        }
      }),
    ],
    gate: 'Objects do not change.',
  },
  {
    number: 10,
    attack: 'links a file outside the scope into it, so that both are one',
    memory: 'Two paths of a tree in memory are two files.',
    sandbox: [
      denied(READ_ONLY, 'ln src/x.js docs/h10', { but: 'cp src/x.js docs/h10' }),
      collected(
        'echo x > docs/h1; ln docs/h1 docs/h2',
        [
          ['docs/h1', 'collect.hard-link'],
          ['docs/h2', 'collect.hard-link'],
        ],
        {
          but: 'echo x > docs/h1; cp docs/h1 docs/h2',
          leaves: ['docs/h1', 'docs/h2'],
        },
      ),
    ],
    gate: 'git knows no hard links.',
  },
  {
    number: 11,
    attack: 'is given a scope that a link of the repository leads out of',
    agent: { impossible: 'A person gives the scope, before any agent starts; in this one none does.' },
    memory: [{ ...write('docs/link/x', 'tree.symlink', { but: 'docs/d/x' }), patterns: ['docs/link/**', 'docs/d/**'] }],
    sandbox: [
      alone('mount points', async (place) => {
        const out = await place.openSandbox(['docs/link/**']);
        await expect(out.shell('true')).rejects.toMatchObject({ code: 'sandbox.link-in-the-way' });
        await out.close();
        const inside = await place.openSandbox(['docs/d/**']);
        expect(await inside.shell('echo x > docs/d/x')).toMatchObject({ exitCode: 0 });
        await inside.close();
      }),
    ],
    gate: [
      {
        ...refused([gone('docs/link'), file('docs/link/x')], ['gate.symlink', 'gate.outside-scope', 'outside-scope'], { but: file('docs/d/x') }),
        patterns: ['docs/link/**', 'docs/d/**'],
      }, // prettier-ignore
    ],
  },
  {
    number: 23,
    attack: 'makes a file executable, takes that away, or sets the bits that lend rights',
    memory: 'The mode of a file that is there cannot be named.',
    sandbox: [
      collected(
        'chmod +x docs/mode.md; chmod -x docs/run.sh; echo x > docs/s23; chmod 4755 docs/s23',
        [
          ['docs/mode.md', 'collect.mode-changed'],
          ['docs/run.sh', 'collect.mode-changed'],
          ['docs/s23', 'collect.special-mode'],
        ],
        { but: 'echo x > docs/n23.sh; chmod 755 docs/n23.sh', leaves: ['docs/n23.sh'] },
      ),
    ],
    gate: [
      refused(executable('docs/a.md'), ['gate.mode-changed'], { but: executable('docs/new.sh') }),
      refused(file('docs/run.sh'), ['gate.mode-changed'], { but: executable('docs/run.sh') }),
      refusedRaw({ mode: '104755', path: 'odd' }, ['gate.mode'], { but: { mode: '100755', path: 'even' } }),
    ],
  },
  {
    number: 49,
    attack: 'makes a device',
    memory: 'A tree in memory holds files alone.',
    sandbox: [
      denied('no capabilities', 'mknod docs/n49 b 8 0', { but: 'mkfifo /tmp/n49' }),
      denied('no capabilities', 'mknod /tmp/mem c 1 1', { but: 'head -c 1 /dev/zero' }),
    ],
    gate: 'git knows no devices; an odd mode is attack 23.',
  },
  {
    number: 50,
    attack: 'leaves a named pipe, at which whoever reads would wait for ever',
    memory: 'As 49.',
    sandbox: [
      collected('mkfifo docs/p50', [['docs/p50', 'collect.special-file']], {
        but: 'mkfifo /tmp/p50; echo x > /tmp/p50 & cat /tmp/p50 > docs/p50',
        leaves: ['docs/p50'],
      }),
    ],
    gate: 'As 49.',
  },
  {
    number: 51,
    attack: 'leaves a socket, or connects to one of the host that has no file',
    memory: 'As 49.',
    sandbox: [
      collected(
        `node -e "require('net').createServer().listen('docs/s51', () => process.kill(process.pid, 'SIGKILL'))"; test -S docs/s51`,
        [['docs/s51', 'collect.special-file']],
        { but: 'echo x > docs/s51', leaves: ['docs/s51'] },
      ),
      denied('network namespace', connects(String.raw`'\0' + process.env.HOST_SOCKET`), {
        but: connects(String.raw`'\0inside'`, String.raw`'\0inside'`),
      }),
    ],
    gate: 'As 49.',
  },
  {
    number: 72,
    attack: 'changes a file and puts its size and time back, so that it looks as it was',
    memory: 'What is written is compared by its content.',
    sandbox: [
      collected(
        'touch -r package.json /tmp/t72; printf %s \'{"name":"b"}\' > package.json; echo >> package.json; touch -r /tmp/t72 package.json',
        [['package.json', 'protected.package-manifest']],
        { but: 'touch -d 2001-01-01 package.json', leaves: [], everywhere: true },
      ),
      denied(READ_ONLY, 'touch -d 2001-01-01 src/x.js', { but: 'touch -d 2001-01-01 docs/a.md' }),
    ],
    gate: 'Objects have no time.',
  },
];

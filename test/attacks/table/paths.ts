import { expect } from '@jest/globals';
import {
  alone,
  collected,
  denied,
  file,
  folder,
  gone,
  OUTSIDE,
  refused,
  refusedRaw,
  remove,
  submodule,
  write,
  OWN_SESSION,
  type Attack,
} from '../attack.js';

const READ_ONLY = 'read-only mounts';
const DEEP = ['docs', ...Array<string>(63).fill('d')].join('/');

/** Names and places: out of the scope by what a path says. */
export const PATHS: readonly Attack[] = [
  {
    number: 1,
    attack: 'writes to a path that climbs out of the scope with ".."',
    memory: [write('docs/../src/x', 'path.dot-segment', { but: 'docs/src/x' })],
    sandbox: [denied(READ_ONLY, 'echo x > docs/../src/one', { but: 'echo x > docs/../docs/one' })],
    gate: [refused(file('src/one'), OUTSIDE, { but: file('docs/one') })],
  },
  {
    number: 2,
    attack: 'writes to an absolute path',
    memory: [write('/repository/package.json', 'path.absolute', { but: 'docs/repository/package.md' })],
    sandbox: [denied(READ_ONLY, 'echo x > /repository/package.json', { but: 'echo x > /repository/docs/two' })],
    gate: [refused(file('package.json'), OUTSIDE, { but: file('docs/package.md') })],
  },
  {
    number: 3,
    attack: 'writes to a folder whose name only begins like the scope',
    memory: [write('docs-evil/x', 'outside-scope', { but: 'docs/docs-evil/x' })],
    sandbox: [denied(READ_ONLY, 'mkdir docs-evil', { but: 'mkdir docs/docs-evil' })],
    gate: [refused(file('docs-evil/x'), OUTSIDE, { but: file('docs/docs-evil/x') })],
  },
  {
    number: 7,
    attack: 'starts its command in a folder of its choice, outside',
    memory: 'A tree in memory has no working directory.',
    sandbox: [denied(READ_ONLY, 'cd /repository/src && echo x > seven', { but: 'cd /tmp && echo x > seven' })],
    gate: 'A candidate does not tell where a command stood; what it wrote there is attack 2.',
  },
  {
    number: 8,
    attack: 'changes the directory, so that a relative path means another file',
    memory: 'A path of a tree in memory begins at its top, always.',
    sandbox: [denied(READ_ONLY, 'cd docs && cd .. && echo x > f8', { but: 'cd docs/d && cd .. && echo x > f8' })],
    gate: 'As 7.',
  },
  {
    number: 12,
    attack: 'writes names that differ from others in case alone',
    memory: [
      write('docs/A.md', 'tree.twin', { but: 'docs/B.md' }),
      write('docs/D/x.md', 'tree.twin', { but: 'docs/E/x.md' }),
      write('docs/.GIT/config', 'path.git-directory', { but: 'docs/GIT/config' }),
    ],
    sandbox: [
      collected('echo x > docs/A.md; mkdir docs/D; echo x > docs/D/x', [['docs/A.md', 'tree.twin'], ['docs/D/x', 'tree.twin']], {
        but: 'echo x > docs/B.md; mkdir docs/E; echo x > docs/E/x',
        leaves: ['docs/B.md', 'docs/E/x'],
      }), // prettier-ignore
      collected('echo x > docs/N12; echo x > docs/n12', [['docs/n12', 'tree.twin']], {
        but: 'echo x > docs/N12',
        leaves: ['docs/N12'],
      }),
      collected('mkdir docs/.GIT; echo x > docs/.GIT/config', [['docs/.GIT/config', 'path.git-directory']], {
        but: 'mkdir docs/GIT; echo x > docs/GIT/config',
        leaves: ['docs/GIT/config'],
      }),
    ],
    gate: [
      refused(file('docs/A.md'), ['gate.twin'], { but: file('docs/B.md') }),
      refused(file('docs/D/x.md'), ['gate.twin'], { but: file('docs/E/x.md') }),
    ],
  },
  {
    number: 13,
    attack: 'writes names in another form of Unicode, with invisible characters or full-width dots',
    memory: [
      write('docs/cafe\u0301.md', 'path.not-normalised', { but: 'docs/caf\u00e9.md' }),
      write('docs/.g\u200Cit/x', 'path.invisible-character', { but: 'docs/.get/x' }),
      write('docs/\uFF0E\uFF0E/x', 'path.dot-segment', { but: 'docs/\uFF41/x' }),
    ],
    sandbox: [
      collected(
        `for name in 'cafe\\314\\201' '.g\\342\\200\\214it' '\\357\\274\\216\\357\\274\\216'; do echo x > "$(printf "docs/$name")"; done`,
        [
          ['docs/cafe\u0301', 'path.not-normalised'],
          ['docs/.g\u200Cit', 'path.invisible-character'],
          ['docs/\uFF0E\uFF0E', 'path.dot-segment'],
        ],
        { but: `echo x > "$(printf 'docs/caf\\303\\251')"`, leaves: ['docs/caf\u00e9'] },
      ),
    ],
    gate: [
      refused(file('docs/cafe\u0301.md'), ['gate.path', 'path.not-normalised'], { but: file('docs/caf\u00e9.md') }),
      refused(file('docs/.g\u200Cit/x'), ['gate.path', 'path.invisible-character'], { but: file('docs/.get/x') }),
      refused(file('docs/\uFF0E\uFF0E/x'), ['gate.path', 'path.dot-segment'], { but: file('docs/\uFF41/x') }),
    ],
  },
  {
    number: 14,
    attack: 'hides a path behind NUL in the arguments of a tool',
    agent: OWN_SESSION,
    memory: [write('docs/\0/../x', 'path.control-character', { but: 'docs/0/x' })],
    sandbox: [
      alone('tools', async (place) => {
        const inside = await place.openSandbox(['docs/**']);
        try {
          await expect(inside.tree.write('docs/\0/../x', 'x')).rejects.toMatchObject({ code: 'scope.violated' });
          await inside.tree.write('docs/0/x', 'x');
          const { changes, violations } = await inside.collect();
          expect({ paths: changes.map(({ path }) => path), violations }).toEqual({
            paths: ['docs/0/x'],
            violations: [],
          });
        } finally {
          await inside.close();
        }
      }),
    ],
    gate: 'A name in a git tree ends at NUL.',
  },
  {
    number: 15,
    attack: 'writes names that Windows reads as paths: backslash, drive, short name',
    memory: [
      write('docs\\..\\src', 'path.backslash', { but: 'docs/src' }),
      write('docs/C:x', 'path.colon', { but: 'docs/C-x' }),
      write('docs/git~1/x', 'path.git-directory', { but: 'docs/git-1/x' }),
    ],
    sandbox: [
      collected(
        "echo x > 'docs/..\\src'; echo x > docs/C:x; echo x > docs/git~1",
        [
          ['docs/..\\src', 'path.backslash'],
          ['docs/C:x', 'path.colon'],
          ['docs/git~1', 'path.git-directory'],
        ],
        { but: 'echo x > docs/C-x', leaves: ['docs/C-x'] },
      ),
    ],
    gate: [
      refused(file('docs/a\\b'), ['gate.path', 'path.backslash'], { but: file('docs/a-b') }),
      refused(file('docs/C:x'), ['gate.path', 'path.colon'], { but: file('docs/C-x') }),
      refused(file('docs/git~1'), ['gate.path', 'path.git-directory'], { but: file('docs/git-1') }),
    ],
  },
  {
    number: 16,
    attack: 'writes tree entries that no checkout could have: "..", ".git", "a/b", one name twice, out of order',
    agent: { impossible: 'It is given no object database, and what it puts into one of its own is attack 26.' },
    memory: [
      write('docs/.git', 'path.git-directory', { but: 'docs/git' }),
      write('docs/..', 'path.dot-segment', { but: 'docs/...x' }),
    ],
    sandbox: 'No file system holds such a name; .git is attack 28.',
    gate: [
      refusedRaw(file('..'), ['gate.path', 'path.dot-segment'], { but: file('..x') }),
      refusedRaw(file('.git'), ['gate.path', 'path.git-directory'], { but: file('git') }),
      refusedRaw(file('a/b'), ['gate.malformed-tree'], { but: file('a-b') }),
      refusedRaw(file('../x'), ['gate.path', 'gate.malformed-tree'], { but: file('x') }),
      refusedRaw(file('a.md'), ['gate.malformed-tree'], { but: file('b.md') }),
      refusedRaw(folder('unsorted', file('b'), file('a')), ['gate.malformed-tree'], {
        but: folder('sorted', file('a'), file('b')),
      }),
    ],
  },
  {
    number: 17,
    attack: 'writes names without measure: a segment of 300 bytes, a path of 5,000, a depth of 70',
    memory: [
      write(`docs/${'x'.repeat(300)}`, 'path.too-long', { but: `docs/${'x'.repeat(255)}` }),
      write(`docs/${'abcdefghi/'.repeat(500)}x`, 'path.too-long', { but: `docs/${'abcdefghi/'.repeat(50)}x` }),
      write(`docs/${'d/'.repeat(70)}x`, 'path.too-deep', { but: `docs/${'d/'.repeat(10)}x` }),
    ],
    sandbox: [
      denied('file system', `echo x > docs/$(printf '%0300d' 0)`, { but: `echo x > docs/$(printf '%0255d' 0)` }),
      collected(`p=docs; while [ \${#p} -lt 150 ]; do p=$p/d; done; mkdir -p $p`, [[DEEP, 'path.too-deep']], {
        but: 'p=docs; while [ ${#p} -lt 30 ]; do p=$p/d; done; mkdir -p $p; echo x > $p/x',
        leaves: [`docs${'/d'.repeat(13)}/x`],
      }),
    ],
    gate: [
      refusedRaw(file('x'.repeat(300)), ['gate.path', 'path.too-long'], { but: file('x'.repeat(255)) }),
      refused(file(`docs/${'d/'.repeat(70)}x`), ['path.too-deep'], { but: file(`docs/${'d/'.repeat(10)}x`) }),
    ],
  },
  {
    number: 18,
    attack: 'writes names with a newline, an escape, a reversal of direction, or bytes that are no text',
    memory: [
      write('docs/a\nb', 'path.control-character', { but: 'docs/a b' }),
      write('docs/a\u001Bb', 'path.control-character', { but: 'docs/a-b' }),
      write('docs/a\u202Eb', 'path.invisible-character', { but: 'docs/\u05D0' }),
      write('docs/a\uFFFD', 'path.not-utf8', { but: 'docs/\u65E5' }),
    ],
    sandbox: [
      collected(
        `for name in 'a\\nb' 'a\\033b' 'a\\342\\200\\256b' 'a\\377'; do echo x > "$(printf "docs/$name")"; done`,
        [
          ['docs/a\nb', 'path.control-character'],
          ['docs/a\u001Bb', 'path.control-character'],
          ['docs/a\u202Eb', 'path.invisible-character'],
          ['docs/a\uFFFD', 'path.not-utf8'],
        ],
        { but: `echo x > "$(printf 'docs/\\346\\227\\245 x')"`, leaves: ['docs/\u65E5 x'] },
      ),
    ],
    gate: [
      refused(file('docs/a\nb'), ['gate.path', 'path.control-character'], { but: file('docs/a b') }),
      refused(file('docs/a\u001Bb'), ['gate.path', 'path.control-character'], { but: file('docs/a-b') }),
      refused(file('docs/a\u202Eb'), ['gate.path', 'path.invisible-character'], { but: file('docs/\u05D0') }),
      refusedRaw(file(Buffer.from([0x61, 0xff])), ['gate.path', 'path.not-utf8'], { but: file('\u65E5') }),
    ],
  },
  {
    number: 19,
    attack: 'renames a file into the scope, which takes it away outside',
    memory: [remove('src/x.js', 'outside-scope', { but: 'docs/a.md' })],
    sandbox: [denied(READ_ONLY, 'mv src/x.js docs/x19', { but: 'echo x > docs/x19; mv docs/x19 docs/y19' })],
    gate: [refused([gone('src/x.js'), file('docs/x.js')], OUTSIDE, { but: [gone('docs/a.md'), file('docs/b.md')] })],
  },
  {
    number: 20,
    attack: 'renames a file out of the scope, or the folder of the scope itself',
    memory: [write('src/a.md', 'outside-scope', { but: 'docs/b.md' })],
    sandbox: [
      denied(READ_ONLY, 'mv docs/a.md src/a.md', { but: 'echo x > docs/x20; mv docs/x20 docs/d/x20' }),
      denied('mount points', 'mv docs old', { but: 'mkdir docs/x20; mv docs/x20 docs/y20' }),
    ],
    gate: [refused([gone('docs/a.md'), file('src/a.md')], OUTSIDE, { but: [gone('docs/a.md'), file('docs/d/a.md')] })],
  },
  {
    number: 21,
    attack: 'deletes outside the scope, or says so in the language of the overlay',
    memory: [remove('package.json', 'outside-scope', { but: 'docs/d/deep.md' })],
    sandbox: [
      denied(READ_ONLY, 'rm src/x.js', { but: 'echo x > docs/x21; rm docs/x21' }),
      denied(READ_ONLY, 'mknod src/x21 c 0 0', { but: 'mkdir docs/d21' }),
    ],
    gate: [refused(gone('src/x.js'), OUTSIDE, { but: gone('docs/a.md') })],
  },
  {
    number: 22,
    attack: 'puts a file in place of a folder, a folder in place of a file, or a new folder that hides deletions',
    memory: [
      write('docs/d', 'tree.is-directory', { but: 'docs/d2' }),
      write('docs/a.md/x', 'tree.is-file', { but: 'docs/a/x' }),
    ],
    sandbox: [
      collected('rm -r docs/swap; echo x > docs/swap', [['docs/swap', 'tree.is-directory']], {
        but: 'rm -r docs/swap; mkdir docs/swap; echo x > docs/swap/two.md',
        leaves: ['docs/swap/one.md', 'docs/swap/two.md'],
      }),
      collected('rm docs/file.md; mkdir docs/file.md; echo x > docs/file.md/x', [['docs/file.md/x', 'tree.is-file']], {
        but: 'rm docs/file.md; mkdir docs/file; echo x > docs/file/x',
        leaves: ['docs/file.md', 'docs/file/x'],
      }),
      collected('rm -r guarded; mkdir guarded; echo x > guarded/new.md', [['guarded/Makefile', 'protected.verifier']], {
        but: 'rm guarded/page.md; echo x > guarded/new.md',
        leaves: ['guarded/new.md', 'guarded/page.md'],
        everywhere: true,
      }),
    ],
    gate: [
      refused([gone('guarded/Makefile'), gone('guarded/page.md'), file('guarded')], ['protected.verifier'], {
        but: [gone('guarded/page.md')],
        everywhere: true,
      }),
    ],
  },
  {
    number: 24,
    attack: 'adds a submodule, changes one, or writes .gitmodules',
    memory: [
      write('docs/.gitmodules', 'path.git-modules', { but: 'docs/modules' }),
      write('docs/module', 'tree.submodule', { but: 'docs/module2' }),
      write('docs/module/x', 'tree.submodule', { but: 'docs/module2/x' }),
    ],
    sandbox: [
      collected(
        'echo x > docs/.gitmodules; mkdir -p docs/module; echo x > docs/module/x',
        [
          ['docs/.gitmodules', 'path.git-modules'],
          ['docs/module/x', 'tree.submodule'],
        ],
        { but: 'mkdir docs/module2; echo x > docs/module2/x', leaves: ['docs/module2/x'] },
      ),
    ],
    gate: [
      refused(submodule('docs/sub'), ['gate.submodule'], { but: file('docs/sub') }),
      refused(file('docs/.gitmodules'), ['gate.path', 'path.git-modules'], { but: file('docs/modules') }),
      refused(file('docs/module'), ['gate.submodule', 'gate.mode-changed'], { but: file('docs/module2') }),
    ],
  },
  {
    number: 25,
    attack: 'ends a name in a carriage return, which git once dropped',
    memory: [write('docs/x\r', 'path.control-character', { but: 'docs/x' })],
    sandbox: [
      collected(`echo x > "$(printf 'docs/x25\\r')"`, [['docs/x25\r', 'path.control-character']], {
        but: 'echo x > docs/x25',
        leaves: ['docs/x25'],
      }),
    ],
    gate: [refused(file('docs/x\r'), ['gate.path', 'path.control-character'], { but: file('docs/x') })],
  },
  {
    number: 73,
    attack: 'gives a file a name that git reads as a pattern of paths',
    memory: [write('docs/:(top)src', 'path.colon', { but: 'docs/(top)src' })],
    sandbox: [
      collected("echo x > 'docs/:(top)src'", [['docs/:(top)src', 'path.colon']], {
        but: "echo x > 'docs/(top)src'",
        leaves: ['docs/(top)src'],
      }),
    ],
    gate: [refused(file('docs/:(top)src'), ['gate.path', 'path.colon'], { but: file('docs/(top)src') })],
    service: [
      {
        by: 'literal paths',
        denied: async ({ repository, base }) =>
          expect(await repository.lastChanged(base, ':(top)src/x.js')).toBeUndefined(),
        allowed: async ({ repository, base }) =>
          expect(await repository.lastChanged(base, 'src/x.js')).toBeGreaterThan(0),
      },
    ],
  },
];

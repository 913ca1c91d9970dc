import { execFile } from 'node:child_process';
import { appendFile, chmod, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { isHyperRunError, TaskId } from '#contracts';
import { compareFingerprints, GitRepository } from '#git';
import { branchOfTask, buildCandidate, gate, publish } from '#workspace';
import { git } from '../../harness/repositories.js';
import {
  collected,
  denied,
  file,
  inService,
  refused,
  refusedRaw,
  write,
  OWN_SESSION,
  type Attack,
  type ServiceCase,
} from '../attack.js';
import type { Place } from '../place.js';

const run = promisify(execFile);
const MASKS = 'masks';
const NO_REPOSITORY = 'no repository inside';
const NOT_IN_TREE = 'As 28.';

/** A git that the service calls on a repository with these settings runs nothing of them; one that a user calls does. */
const runsNothing = (
  settings: (script: string, folder: string) => Readonly<Record<string, string>>,
  userRuns: string[],
): ServiceCase => {
  const prepared = async (place: Place) => {
    const path = await place.spoilable();
    const [script, marker] = [join(path, '..', 'script'), join(path, '..', 'ran')];
    await writeFile(script, `#!/bin/sh\necho "$0 $*" >> ${marker}\n`);
    await chmod(script, 0o755);
    for (const [key, value] of Object.entries(settings(script, join(path, '..'))))
      await git(path, 'config', key, value);
    await writeFile(join(path, '.git/info/attributes'), '* filter=pwn diff=pwn\n');
    await appendFile(join(path, 'a.md'), 'dirty\n');
    return { path, ran: () => readFile(marker, 'utf8').catch(() => '') };
  };
  return inService(
    'hardened git',
    async (place) => {
      const { path, ran } = await prepared(place);
      const repository = await GitRepository.open(path);
      const head = await repository.head();
      const first = await git(path, 'rev-parse', 'HEAD~1^{tree}');
      await repository.describe();
      await repository.fingerprint();
      expect(String(await repository.diff(await repository.treeOf(head), first as typeof head))).toContain('-b');
      await repository.blameAges(head, 'a.md', [1]);
      await repository.createRef('refs/heads/hyper-run/x', head);
      repository.close();
      expect(await ran()).toBe('');
    },
    async (place) => {
      const { path, ran } = await prepared(place);
      await git(path, ...userRuns).catch(() => undefined);
      expect(await ran()).not.toBe('');
    },
  );
};

const inOwn = (command: string) => `mkdir -p ~/own; cd ~/own; git init -q . 2>/dev/null; ${command}`;
const publishing = async (place: Place, content: string, branch: string) =>
  publish({ repository: place.repository, ...(await place.finished(content)), branch });
const clean = async ({ path }: Place, branch: string) => void (await git(path, 'branch', '-D', branch));

/** git as a weapon: its metadata, its configuration, its names, its objects. */
export const GIT: readonly Attack[] = [
  {
    number: 26,
    attack: 'hides a repository in the tree, with a folder .git or as a bare one',
    memory: [write('docs/r/.git/HEAD', 'path.git-directory', { but: 'docs/r/HEAD' })],
    sandbox: [
      collected('mkdir -p docs/r/.git; echo x > docs/r/.git/HEAD', [['docs/r/.git/HEAD', 'path.git-directory']], {
        but: 'mkdir -p docs/r; echo x > docs/r/HEAD',
        leaves: ['docs/r/HEAD'],
      }),
      collected(
        'mkdir -p docs/bare/objects docs/bare/refs; echo x > docs/bare/HEAD',
        [['docs/bare', 'collect.nested-repository']],
        { but: 'mkdir -p docs/bare/objects; echo x > docs/bare/HEAD', leaves: ['docs/bare/HEAD'] },
      ),
    ],
    gate: [
      refused(
        ['HEAD', 'objects/x', 'refs/x'].map((name) => file(`docs/bare/${name}`)),
        ['gate.nested-repository'],
        {
          but: ['HEAD', 'objects/x'].map((name) => file(`docs/bare/${name}`)),
        },
      ),
      refusedRaw(file('.GIT'), ['gate.path', 'path.git-directory'], { but: file('GIT') }),
    ],
  },
  {
    number: 27,
    attack: 'names a filter, diff or merge driver in .gitattributes, for a git that runs later',
    memory: [write('docs/.gitattributes', 'protected.git', { but: 'docs/gitattributes' })],
    sandbox: [
      collected('echo "* filter=pwn" > docs/.gitattributes', [['docs/.gitattributes', 'protected.git']], {
        but: 'echo "* filter=pwn" > docs/gitattributes',
        leaves: ['docs/gitattributes'],
      }),
    ],
    gate: [refused(file('docs/.gitattributes'), ['protected.git'], { but: file('docs/gitattributes') })],
    service: [
      runsNothing((script) => ({ 'filter.pwn.clean': script, 'diff.pwn.textconv': script, 'diff.pwn.command': script, 'diff.external': script }), ['diff']), // prettier-ignore
    ],
  },
  {
    number: 28,
    attack: 'has git run a program of its choice as file system monitor, by .git/config',
    memory: [write('.git/config', 'path.git-directory', { but: 'git/config', everywhere: true })],
    sandbox: [
      denied(MASKS, 'mkdir -p docs/.git && echo x > docs/.git/config', {
        but: 'mkdir docs/git28 && echo x > docs/git28/x',
      }),
      denied(MASKS, 'mkdir -p packages/one/.git && echo x > packages/one/.git/config', { but: 'mkdir packages/one/git && echo x > packages/one/git/x', everywhere: true }), // prettier-ignore
      denied('read-only mounts', 'mkdir -p .git && echo x > .git/config', {
        but: 'mkdir docs/meta && echo x > docs/meta/config',
      }),
      denied(MASKS, 'mkdir -p .git && echo x > .git/config', {
        but: 'mkdir git && echo x > git/config',
        everywhere: true,
      }),
    ],
    gate: [refusedRaw(file('.git'), ['gate.path', 'path.git-directory'], { but: file('git') })],
    service: [runsNothing((script) => ({ 'core.fsmonitor': script }), ['status'])],
  },
  {
    number: 29,
    attack: 'has git run its ssh command, pager, editor, alias or credential helper',
    memory: NOT_IN_TREE,
    sandbox: [
      denied(MASKS, 'cat .git/config || echo x >> .git/config', {
        but: 'echo x > config29 && cat config29',
        everywhere: true,
      }),
    ],
    gate: NOT_IN_TREE,
    service: [
      runsNothing(
        (script) => ({ 'core.sshCommand': script, 'core.pager': script, 'core.editor': script, 'alias.status': `!${script}`, 'alias.x': `!${script}`, 'credential.helper': script }), // prettier-ignore
        ['x'],
      ),
    ],
  },
  {
    number: 30,
    attack: 'puts a hook where git, or husky, will run it',
    memory: [
      write('.git/hooks/pre-commit', 'path.git-directory', { but: 'hooks/pre-commit', everywhere: true }),
      write('.husky/pre-commit', 'protected.hooks', { but: 'husky/pre-commit', everywhere: true }),
    ],
    sandbox: [
      denied(MASKS, 'mkdir -p .git/hooks', { but: 'mkdir -p git/hooks', everywhere: true }),
      collected('mkdir .husky; echo x > .husky/pre-commit', [['.husky/pre-commit', 'protected.hooks']], {
        but: 'mkdir husky; echo x > husky/pre-commit',
        leaves: ['husky/pre-commit'],
        everywhere: true,
      }),
    ],
    gate: [refused(file('.husky/pre-commit'), ['protected.hooks'], { but: file('husky/x'), everywhere: true })],
    service: [
      inService(
        'hardened git',
        async (place) => {
          const { path, marker } = await withHook(place);
          const repository = await GitRepository.open(path);
          await repository.createRef('refs/heads/hyper-run/x', await repository.head());
          repository.close();
          expect(await readFile(marker, 'utf8').catch(() => '')).toBe('');
        },
        async (place) => {
          const { path, marker } = await withHook(place);
          await git(path, 'update-ref', 'refs/heads/of-the-user', 'HEAD');
          expect(await readFile(marker, 'utf8')).not.toBe('');
        },
      ),
    ],
  },
  {
    number: 31,
    attack: 'puts a file .git in place that leads git to a repository of its own',
    memory: [write('.git', 'path.git-directory', { but: 'git', everywhere: true })],
    sandbox: [
      denied(MASKS, 'rm -rf .git; echo "gitdir: /tmp" > .git', {
        but: 'echo "gitdir: /tmp" > git31',
        everywhere: true,
      }),
      denied(MASKS, 'mv .git git', { but: 'mkdir dir31; mv dir31 moved31', everywhere: true }),
    ],
    gate: NOT_IN_TREE,
    service: [
      inService(
        'allowed roots',
        async (place) => {
          const [allowed, elsewhere] = [await place.scratch(), await place.spoilable()];
          await writeFile(join(allowed, '.git'), `gitdir: ${elsewhere}/.git\n`);
          await expect(GitRepository.open(allowed, { allowedRoots: [allowed] })).rejects.toMatchObject({ code: 'repository.outside-roots' }); // prettier-ignore
        },
        async (place) => (await GitRepository.open(place.path, { allowedRoots: [place.folder] })).close(),
      ),
    ],
  },
  {
    number: 32,
    attack: "borrows another repository's objects by .git/objects/info/alternates",
    memory: [write('.git/objects/info/alternates', 'path.git-directory', { but: 'objects/info', everywhere: true })],
    sandbox: [denied(MASKS, 'mkdir -p .git/objects/info', { but: 'mkdir -p objects/info', everywhere: true })],
    gate: NOT_IN_TREE,
  },
  {
    number: 33,
    attack: 'moves a branch of the user, or HEAD',
    memory: 'A tree has no branches.',
    sandbox: [
      denied(NO_REPOSITORY, 'git update-ref refs/heads/main HEAD', {
        but: inOwn('git symbolic-ref HEAD refs/heads/x'),
      }),
      denied(NO_REPOSITORY, 'git symbolic-ref HEAD refs/heads/x', { but: inOwn('git symbolic-ref HEAD') }),
    ],
    gate: 'A candidate is a tree; branches are not its affair.',
    service: [
      inService(
        'publishing',
        (place) => expect(publishing(place, '33', 'main')).rejects.toMatchObject({ code: 'publish.invalid-branch' }),
        async (place) => {
          expect(await publishing(place, '33', 'hyper-run/t33')).toBe('created');
          await clean(place, 'hyper-run/t33');
        },
      ),
    ],
  },
  {
    number: 34,
    attack: 'moves the branch of another task',
    memory: 'As 33.',
    sandbox: [denied(NO_REPOSITORY, 'git branch -f hyper-run/x HEAD', { but: inOwn('git branch --list') })],
    gate: 'As 33.',
    service: [
      inService(
        'compare and swap',
        async (place) => {
          await publishing(place, 'theirs', 'hyper-run/t34');
          await expect(publishing(place, 'ours', 'hyper-run/t34')).rejects.toMatchObject({
            code: 'publish.foreign-ref',
          });
          await clean(place, 'hyper-run/t34');
        },
        async (place) => {
          await publishing(place, 'theirs', 'hyper-run/t34');
          expect(await publishing(place, 'theirs', 'hyper-run/t34')).toBe('same');
          await clean(place, 'hyper-run/t34');
        },
      ),
    ],
  },
  {
    number: 35,
    attack: 'has an id that makes another branch of it: "../main", "x.lock", "-D", "@{"',
    agent: { impossible: 'It gives no ids.' },
    memory: 'As 33.',
    sandbox: 'An agent gives no ids.',
    gate: 'As 33.',
    service: [
      inService(
        'names of branches',
        async (place) => {
          for (const name of ['../heads/main', 'x.lock', '-D', '@{', '', 'A', 'x/y', 'x'.repeat(41)]) {
            expect(TaskId.safeParse(name)).toMatchObject({ success: false });
            const done = { repository: place.repository, ...(await finishedOnce(place)) };
            await expect(publish({ ...done, branch: branchOfTask(name as TaskId) })).rejects.toMatchObject({ code: 'publish.invalid-branch' }); // prettier-ignore
          }
        },
        () => expect(branchOfTask(TaskId.parse('fix-links-1'))).toBe('hyper-run/fix-links-1'),
      ),
    ],
  },
  {
    number: 36,
    attack: 'throws away objects: git gc --prune=now, expired reflogs, deleted packs',
    memory: 'A tree has no packs.',
    sandbox: [
      denied(NO_REPOSITORY, 'git gc --prune=now || git reflog expire --all', { but: inOwn('git gc -q --prune=now') }),
    ],
    gate: 'As 33.',
    service: [
      inService(
        'fingerprint',
        async (place) => {
          const path = await place.spoilable();
          const repository = await GitRepository.open(path);
          const before = await repository.fingerprint();
          await git(path, 'update-ref', 'refs/heads/main', 'HEAD~1');
          expect(compareFingerprints(before, await repository.fingerprint())).toContain('ref refs/heads/main');
          repository.close();
        },
        async (place) => expect(await place.harm()).toEqual([]),
      ),
    ],
  },
  {
    number: 37,
    attack: 'has words that git takes for options: --output=F, --upload-pack=x',
    agent: OWN_SESSION,
    memory: 'No words of an agent are given to git.',
    sandbox: 'git inside can do no more than any other program there.',
    gate: 'Names come from git itself, ended by NUL.',
    service: [
      inService(
        'names of revisions',
        async ({ repository, folder }) => {
          for (const name of [
            `--output=${folder}/written`,
            '--upload-pack=x',
            '-x',
            'main --all',
            'main:src/x.js',
            '@{-1}',
          ])
            await expect(repository.resolveCommit(name)).rejects.toMatchObject({ code: 'repository.unknown-commit' });
          expect(await readdir(folder)).not.toContain('written');
        },
        async ({ repository, base }) => expect(await repository.resolveCommit('main')).toBe(base),
      ),
    ],
  },
  {
    number: 38,
    attack:
      'is inherited from the environment of the service: GIT_DIR, GIT_OBJECT_DIRECTORY, GIT_TRACE, GIT_CONFIG_COUNT',
    memory: 'As 37.',
    sandbox: [
      denied('closed environment', 'env | grep -qE "^GIT_(DIR|OBJECT_DIRECTORY|TRACE)="', {
        but: 'env | grep -q ^HOME=',
      }),
    ],
    gate: 'As 37.',
    service: [
      inService(
        'closed environment',
        async ({ repository, base, path, folder }) => {
          const trace = join(folder, 'trace');
          const evil = { GIT_DIR: join(folder, 'nowhere'), GIT_OBJECT_DIRECTORY: join(folder, 'nowhere'), GIT_TRACE: trace, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'core.bare', GIT_CONFIG_VALUE_0: 'true' }; // prettier-ignore
          Object.assign(process.env, evil);
          try {
            const again = await GitRepository.open(path);
            expect(await again.head()).toBe(base);
            expect(await again.treeOf(base)).toBe(await repository.treeOf(base));
            again.close();
          } finally {
            for (const name of Object.keys(evil)) delete process.env[name];
          }
          await expect(readFile(trace, 'utf8')).rejects.toThrow('ENOENT');
        },
        async ({ path, folder }) => {
          const trace = join(folder, 'trace-of-its-user');
          await run('git', ['-C', path, 'rev-parse', 'HEAD'], { env: { ...process.env, GIT_TRACE: trace } });
          expect(await readFile(trace, 'utf8')).toContain('rev-parse');
        },
      ),
    ],
  },
  {
    number: 70,
    attack: 'is interrupted while it writes, and leaves half an object or a lock',
    agent: { impossible: 'It is the service that is interrupted.' },
    memory: 'Nothing is written before a candidate is built.',
    sandbox: 'What a sandbox leaves is read only when it ended by itself: attack 74.',
    gate: 'As the service.',
    service: [
      inService(
        'objects that are read back',
        async (place) => {
          const { repository, base } = place;
          const judged = { repository, base, ...(await halfWritten(place)) };
          const failure = await gate(judged).then(JSON.stringify, (error: unknown) => error);
          expect(isHyperRunError(failure)).toBe(true);
        },
        async (place) => {
          const directory = await place.scratch();
          const tree = await place.tree();
          await tree.write('docs/a.md', 'whole\n');
          const { repository, base } = place;
          const candidate = await buildCandidate({ repository, tree, directory });
          expect(await gate({ repository, base, candidateTree: candidate.tree, directory, scope: tree.scope })).toEqual({ ok: true, files: 1 }); // prettier-ignore
        },
      ),
    ],
  },
  {
    number: 71,
    attack: 'lets what the user edits and commits meanwhile pass for its own work, or the other way round',
    agent: { impossible: 'It is the user who edits and commits.' },
    memory: 'The service holds it to a base.',
    sandbox: 'As in memory.',
    gate: 'As in memory.',
    service: [
      inService(
        'a pinned base',
        async (place) => {
          const path = await place.spoilable();
          const repository = await GitRepository.open(path);
          const base = await repository.head();
          const tree = await place.treeOf(repository, base, ['**']);
          await writeFile(join(path, 'a.md'), 'of the user\n');
          await git(path, 'commit', '--quiet', '--all', '--message', 'Of the user');
          await tree.write('new.md', 'of the task\n');
          const candidate = await buildCandidate({ repository, tree, directory: await place.scratch() });
          expect(candidate.files.map((one) => one.path)).toEqual(['new.md']);
          expect(await readFile(join(path, 'a.md'), 'utf8')).toBe('of the user\n');
          repository.close();
        },
        async (place) => {
          const path = await place.spoilable();
          const repository = await GitRepository.open(path);
          const before = await repository.fingerprint();
          await git(path, 'branch', 'hyper-run/of-a-task');
          expect(compareFingerprints(before, await repository.fingerprint())).toEqual([]);
          repository.close();
        },
      ),
    ],
  },
];

const withHook = async (place: Place) => {
  const path = await place.spoilable();
  const [hook, marker] = [join(path, '.git/hooks/reference-transaction'), join(path, '..', 'ran')];
  await mkdir(join(hook, '..'), { recursive: true });
  await writeFile(hook, `#!/bin/sh\necho ran >> ${marker}\n`);
  await chmod(hook, 0o755);
  return { path, marker };
};

const finished = new WeakMap<Place, ReturnType<Place['finished']>>();
const finishedOnce = (place: Place) => {
  const made = finished.get(place) ?? place.finished('once\n');
  finished.set(place, made);
  return made;
};

/** A candidate of which one object is cut short. */
const halfWritten = async (place: Place) => {
  const directory = await place.scratch();
  const tree = await place.tree();
  await tree.write('docs/a.md', 'half\n');
  const candidate = await buildCandidate({ repository: place.repository, tree, directory });
  const path = join(directory, 'objects', candidate.tree.slice(0, 2), candidate.tree.slice(2));
  const whole = await readFile(path);
  await rm(path);
  await writeFile(path, whole.subarray(0, 10));
  return { candidateTree: candidate.tree, directory, scope: tree.scope };
};

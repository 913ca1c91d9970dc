/**
 * The layers that stand between an agent and what it was not given. Each is taken away by itself, by a change of the text of a
 * file (of two, where two do the same): `from` occurs there once. `red`: some of the attacks that must then succeed, as the table of test/attacks counts them.
 */
const layer = (name, file, from, to, red, more = []) => ({ name, changes: [{ file, from, to }, ...more], red });

const SCOPE = 'libs/workspace/src/scope.ts';
const SYNTAX = 'libs/workspace/src/path-syntax.ts';
const PROTECTED = 'libs/workspace/src/protected.ts';
const TREE = 'libs/workspace/src/virtual-tree.ts';
const VIEW = 'libs/workspace/src/agent-view.ts';
const COLLECT = 'libs/workspace/src/collect.ts';
const GATE = 'libs/workspace/src/gate.ts';
const RULES = 'libs/workspace/src/gate-rules.ts';
const PUBLISH = 'libs/workspace/src/publish.ts';
const PROFILE = 'libs/sandbox/src/bwrap-profile.ts';
const LIVE = 'libs/sandbox/src/live-child.ts';
const CHILD = 'libs/sandbox/src/child-run.ts';
const GIT = 'libs/git/src/run-git.ts';

export const LAYERS = [
  layer(
    'scope: patterns',
    SCOPE,
    'if (!patterns.some((matches) => matches(path))) {',
    'if (patterns.length === 0) {',
    [3, 20],
  ),
  layer('scope: frozen', SCOPE, 'return Object.freeze({', 'return ({', [67]),
  layer(
    'scope: syntax of paths',
    SYNTAX,
    'return found && { rule: found[0]',
    'return found && path === "" ? { rule: found[0], reason: "" } : undefined; return found && { rule: found[0]',
    [1, 14],
  ),
  layer(
    'scope: protected names',
    SCOPE,
    'const what = protectionOf(path);',
    'const what = path === "" ? protectionOf(path) : undefined;',
    [39, 43],
  ),
  layer('scope: configuration of agents', PROTECTED, "    what: 'agent-configuration',\n    folders:", "    what: 'agent-configuration',\n    folders: [], none:", [44]), // prettier-ignore
  layer(
    'tree in memory: the scope is asked',
    TREE,
    'if (!decision.allowed) throw scopeViolation',
    'if (path === "") throw scopeViolation',
    [2, 3],
  ),
  layer('tree in memory: twins', TREE, 'if (twin && !entry)', 'if (twin && !entry && path === "")', [12]),
  layer(
    'tree in memory: links and submodules',
    TREE,
    'if (entry && !isRegularFile(entry)) throw notAFolder(path, entry);',
    '',
    [5, 6, 24],
  ),
  layer('view: hidden files', VIEW, "files: ['.mcp.json'", "files: [], none: ['.mcp.json'", [44]),
  layer('view: names that are taken', VIEW, "fixed: writable.includes('') ?", 'fixed: writable.length < 0 ?', [28, 44]),
  layer('collector: links', COLLECT, "this.#violated(path, 'collect.symlink')", 'return', [4, 5]),
  layer('collector: hard links', COLLECT, 'if (stat.nlink !== 1)', 'if (stat.nlink < 1)', [10]),
  layer('collector: special files', COLLECT, "this.#violated(path, 'collect.special-file')", 'return', [50, 51]),
  layer('collector: special bits', COLLECT, 'if ((stat.mode & SPECIAL_MODE) !== 0)', 'if (stat.mode < 0)', [23]),
  layer('collector: modes', COLLECT, 'executable !== (base.mode === MODE.executable)', 'stat.mode < 0', [23]),
  layer('collector: bare repositories', COLLECT, 'if (BARE_REPOSITORY.every((name) => there.has(name))', 'if (there.size < 0 && BARE_REPOSITORY.every((name) => there.has(name))', [26]), // prettier-ignore
  layer('collector: deletions', COLLECT, 'if (!there.has(name)) await this.#gone(folder + name);', 'void there;', [22]),
  layer('collector: contents, not sizes and times', COLLECT, 'blobOid(content) === base.oid) return;', 'content) return;', [72]), // prettier-ignore
  layer('gate: scope of the changes', GATE, '(isCovered(scope.patterns, path) &&', '(path !== "" &&', [1, 2]),
  layer('gate: its own judgement of paths', RULES, 'export const isPlainPath = (bytes: Buffer): boolean => {', 'export const isPlainPath = (bytes: Buffer): boolean => {\n  if (bytes.length > 0) return true;', [13, 16, 18]), // prettier-ignore
  layer('gate: kinds of entries', GATE, "mode === ABSENT || REGULAR.includes(mode) ? []", "mode !== '' ? []", [4, 24]), // prettier-ignore
  layer('gate: modes that change', GATE, '&& oldMode !== newMode ?', '&& oldMode < newMode && path === "" ?', [23]),
  layer('gate: twins', GATE, '(counts.get(key(name)) ?? 0) > 1', '(counts.get(key(name)) ?? 0) > 9', [12]),
  layer('gate: trees as git writes them', GATE, 'return serialiseTree(entries).equals((await objects.readObject(tree)).content);', 'return tree !== undefined;', [16]), // prettier-ignore
  layer(
    'gate: bare repositories',
    GATE,
    '(isBareRepository(after) &&',
    '(path === " " && isBareRepository(after) &&',
    [26],
  ),
  layer('sandbox: tree read-only', PROFILE, "[whole ? '--bind' : '--ro-bind', source, INSIDE", "['--bind', source, INSIDE", [1, 21]), // prettier-ignore
  layer('sandbox: masks', PROFILE, "...bind('--ro-bind', fixed)]", ']', [28, 31, 44]),
  layer('sandbox: mount points are no links', PROFILE, "=== 'link') throw refused(join(INSIDE, within));", "=== 'link' && within === '') throw refused(within);", [11]), // prettier-ignore
  layer('sandbox: network namespace', PROFILE, "...(network ? [] : ['--unshare-net']),", '', [41, 51, 58]),
  layer('sandbox: process namespace', PROFILE, "...['--unshare-pid', '--unshare-ipc',", "...['--unshare-ipc',", [46]),
  layer('sandbox: session', PROFILE, "'--die-with-parent', '--new-session',", "'--die-with-parent',", [66]),
  layer(
    'sandbox: limits of the kernel',
    PROFILE,
    '...(features.limits ? [',
    '...(features.limits && uid < 0 ? [',
    [52, 53],
  ),
  layer(
    'sandbox: closed environment',
    PROFILE,
    "'sandbox', '--clearenv'],",
    "'sandbox'],",
    [45],
    [{ file: LIVE, from: 'env: { ...env }', to: 'env: { ...process.env, ...env }' }],
  ),
  layer(
    'sandbox: limit on time',
    CHILD,
    "setTimeout(() => stop('timed-out'), run.timeoutMs)",
    'setTimeout(() => undefined, run.timeoutMs)',
    [54],
  ),
  layer(
    'sandbox: a start that is told apart',
    LIVE,
    'if (await Promise.race([launched.began.then(() => true), endedFirst])) return;',
    'if ((await Promise.race([launched.began.then(() => true), endedFirst])) !== undefined) return;',
    [74],
  ),
  layer('sandbox: limit on memory', 'libs/sandbox/src/watch.ts', '&& used > limitBytes) stop(', '&& used < 0) stop(', [54]), // prettier-ignore
  layer('sandbox: size of the space', 'libs/sandbox/src/overlay-space.ts', '"size=$bytes,nr_inodes=$files,mode=0755"', '"size=1g,nr_inodes=99999,mode=0755"', [53]), // prettier-ignore
  layer(
    'sandbox: limit on output',
    CHILD,
    'if (output.total > FLOOD_BYTES) stop(',
    'if (output.total < 0) stop(',
    [55],
  ),
  layer('git: no file system monitor', GIT, "  'core.fsmonitor': 'false',\n", '', [28]),
  layer('git: no hooks', GIT, "  'core.hooksPath': '/dev/null',\n", '', [30]),
  layer('git: closed environment', GIT, "  return {\n    PATH: process.env['PATH'],", "  return {\n    ...process.env,\n    PATH: process.env['PATH'],", [38]), // prettier-ignore
  layer('git: literal paths', GIT, "['--literal-pathspecs']", '[]', [73]),
  layer('publishing: names of branches', PUBLISH, 'if (!BRANCH.test(branch))', 'if (branch === "")', [33, 35]),
  layer('output: sequences of a terminal', 'libs/sandbox/src/sanitise.ts', "  withoutSequences(typeof output === 'string' ? output : output.toString('utf8'))", "  (typeof output === 'string' ? output : output.toString('utf8'))", [63]), // prettier-ignore
];

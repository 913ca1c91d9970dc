/**
 * The layers that stand between an agent and what it was not given. Each is taken away by itself, by a change of the text of a
 * file (of two, where two do the same): `from` occurs there once. `red`: some of the attacks that must then succeed, as the table of test/attacks counts them.
 */
const layer = (name, file, from, to, red, more = []) => ({ name, changes: [{ file, from, to }, ...more], red });

/** One that no attack of the table can tell apart, because it meets agents through an interface: `red` are words of tests of this suite. */
const heldBy = (suite, name, file, from, to, red, more = []) => ({ ...layer(name, file, from, to, red, more), suite });

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
const REFS = 'libs/git/src/refs.ts';
const CHECKOUT = 'libs/workspace/src/checkout.ts';
const TREES = 'src/tasks/tree-verification.ts';
const ACP = 'libs/agents/src/acp-agent';
const CALLS = 'libs/model-proxy/src/model-calls';
const MODEL_CALLS = 'libs/model-proxy/src/model-calls.ts';
const ADMISSION = 'libs/model-proxy/src/admission.ts';

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
  layer('view: names that are taken', VIEW, 'nearest.slice(0, MOST_SHUT)', 'nearest.slice(0, 0)', [28, 44]),
  layer('view: names that are taken below the top', VIEW, 'nearest.slice(0, MOST_SHUT)', "nearest.filter((folder) => folder === '')", [28, 44]), // prettier-ignore
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
  layer(
    'publishing: a branch that is there is never moved',
    PUBLISH,
    'if (existing !== undefined && existing !== commit) throw foreign(branch, existing, commit);',
    '',
    [34],
    [{ file: REFS, from: '`create ${ours(ref)}\\0${oid}\\0`', to: '`update ${ours(ref)}\\0${oid}\\0\\0`' }],
  ),
  heldBy('libs/workspace/src/candidate', 'publishing: compare-and-swap', REFS, '`create ${ours(ref)}\\0${oid}\\0`', '`update ${ours(ref)}\\0${oid}\\0\\0`', ['lets one of two publishers of different work win']), // prettier-ignore
  layer("verification: the base's files are put back", CHECKOUT, 'for (const path of options.paths) {', 'for (const path of [] as string[]) {', [43]), // prettier-ignore
  heldBy('src/tasks/tree-verification', "verification: it asks for the base's files", TREES, 'if (tree.restore !== undefined) await withBaseFiles({ repository, base, directory: folder, paths: tree.restore });', '', ["is judged by the base's files"]), // prettier-ignore
  layer('verification: no network', 'libs/sandbox/src/verify-tree.ts', 'const { network = false, loopbacks } = tree;', 'const { network = true, loopbacks } = tree;', [41]), // prettier-ignore
  heldBy('src/tasks/tree-verification', 'verification: a layer of its own for each run', TREES, 'return { directory: space, assertThere: () => space.assertThere(), close };', 'return { directory: held.directory, assertThere: () => space.assertThere(), close };', ['may write everywhere, and no other run sees it']), // prettier-ignore
  heldBy(ACP, 'ACP tools: the scope is asked before anything is written', 'libs/agents/src/workspace-tree.ts', "    this.check(path, 'write');\n", '', ['is refused what lies outside its scope, before anything is written']), // prettier-ignore
  heldBy(ACP, 'ACP tools: paths outside of the repository', 'libs/agents/src/acp-paths.ts', 'return normal.startsWith(`${root}/`) ? normal', 'return normal !== "" ? normal', ['is refused what lies outside its scope']), // prettier-ignore
  heldBy(ACP, 'ACP tools: the third refusal is the last', 'libs/agents/src/tool-session.ts', 'if (this.refusals < LAST_REFUSAL) {', 'if (this.refusals < 99) {', ['is ended by the third refusal']), // prettier-ignore
  heldBy(ACP, 'ACP tools: no permission outside of the scope', 'libs/agents/src/acp-permissions.ts', "if (!CHANGING.includes(toolCall.kind ?? '')) return undefined;", "if (toolCall.kind !== '') return undefined;", ['what would leave the scope is refused whatever the policy']), // prettier-ignore
  heldBy(ACP, 'ACP tools: every event is counted', 'libs/agents/src/tool-session.ts', 'while (call > this.limit) await this.raise(call);', 'void call;', ['that floods ends its attempt', 'that loops ends its attempt']), // prettier-ignore
  heldBy(CALLS, 'model proxy: the host of the plan', MODEL_CALLS, 'if (!sameHost(base, parseHost(grant.host, base.secure ? 443 : 80)))', "if (grant.host === '')", ['go to nobody but the host of the plan']), // prettier-ignore
  heldBy(CALLS, 'model proxy: the real key is masked in answers', MODEL_CALLS, 'masked: new MaskedBytes(secrets),', 'masked: new MaskedBytes([]),', ['never show the real key']), // prettier-ignore
  heldBy(CALLS, 'model proxy: calls wait for the budget', MODEL_CALLS, '      await unlessAborted(signal, () => this.#counting);\n', '', ['are over when the budget is not raised']), // prettier-ignore
  heldBy(CALLS, 'model proxy: calls wait at the gate', MODEL_CALLS, '      await unlessAborted(signal, () => this.ports.gate());\n', '', ['wait at the gate, and for what was spent before to be counted']), // prettier-ignore
  heldBy(CALLS, 'model proxy: redirects are not followed', 'libs/model-proxy/src/provider-connection.ts', 'const isRedirect = status >= 300 && status < 400;', 'const isRedirect = status < 0;', ['']), // prettier-ignore
  heldBy('libs/model-proxy/src/request', 'model proxy: the key of the attempt', ADMISSION, 'if (!keysIn(headers, parameters).some((key) => same(key, dummyKey)))', "if (method === '')", ['']), // prettier-ignore
  heldBy('libs/model-proxy/src/request', 'model proxy: calls of models alone', ADMISSION, 'if (length > LONGEST_TARGET || !isPlain || !path.startsWith(`${base.path}/`))', 'if (length > LONGEST_TARGET)', ['']), // prettier-ignore
  heldBy(CALLS, 'model proxy: the model of the plan', 'libs/model-proxy/src/request-body.ts', '{ ...kept, ...model, ...counted }', '{ ...model, ...kept, ...counted }', ['carry the real key, the granted model and nothing']), // prettier-ignore
  heldBy('src/tasks/model-way', 'model proxy: what the plan grants', 'src/tasks/model-way.port.ts', 'if (planned?.host === undefined || planned.model !== name || planned.credential !== credential)', 'if (planned?.host === undefined)', ['is not there with a grant of another model', 'is not there with a grant of another key']), // prettier-ignore
  heldBy('libs/model-proxy/src/host', 'proxies: addresses at which clouds keep secrets', 'libs/model-proxy/src/pinned-host.ts', 'if (!all.some(isMetadata)) return all;', 'if (all.length >= 0) return all;', ['169.254.169.254']), // prettier-ignore
  heldBy('libs/model-proxy/src/registry-proxy', 'registry proxy: granted hosts', 'libs/model-proxy/src/registry-proxy.ts', 'this.#granted.find((one) => sameHost(one.host, host));', 'this.#granted.find((one) => sameHost(one.host, host)) ?? new PinnedHost(host);', ['refuses every other host']), // prettier-ignore
];

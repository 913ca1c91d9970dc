/** Which room may know which: the map is in docs/architecture.md. */
const lib = (name) => `^libs/${name}/`;
const only = (name, allowed) => ({
  name: `${name}-imports`,
  comment: `libs/${name} may import only ${allowed.join(', ') || 'nothing of ours'}.`,
  severity: 'error',
  from: { path: lib(name), pathNot: '\\.(test|fixture|contract)\\.ts$' },
  to: { path: '^(libs|src|cli|web|test)/', pathNot: [name, ...allowed].map(lib) },
});
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('contracts', []),
    only('domain', ['contracts']),
    only('event-store', ['contracts', 'domain']),
    only('git', ['contracts', 'domain']),
    only('seal', ['contracts', 'domain']),
    only('sandbox', ['contracts', 'domain']),
    only('system-tools', ['contracts', 'domain']),
    only('model-proxy', ['contracts', 'domain']),
    only('wording', ['contracts', 'domain']),
    only('workspace', ['contracts', 'domain', 'git']),
    only('hafs', ['contracts', 'domain', 'git']),
    only('findings', ['contracts', 'domain']),
    only('agents', ['contracts', 'domain', 'workspace', 'sandbox', 'hafs', 'findings']),
    {
      name: 'pure-core',
      comment: 'contracts and domain are pure: no Nest, no Redis, no file system, no clock.',
      severity: 'error',
      from: { path: '^libs/(contracts|domain)/', pathNot: '\\.(test|fixture|contract)\\.ts$' },
      to: { path: 'node_modules/(@nestjs|ioredis)|^(node:)?(fs|fs/promises|child_process|net|http|os|timers|path)$' },
    },
    {
      name: 'cli-imports',
      comment: 'The command line talks to the service by HTTP.',
      severity: 'error',
      from: { path: '^cli/', pathNot: '\\.(test|fixture|contract)\\.ts$' },
      to: { path: '^(src|libs)/', pathNot: '^libs/(contracts|domain|wording|seal|git|system-tools|sandbox|agents)/' },
    },
    {
      name: 'web-imports',
      comment: 'The page knows events and their rules; everything else it asks the service for.',
      severity: 'error',
      from: { path: '^web/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(src|cli|libs)/', pathNot: '^libs/(contracts|domain|wording)/' },
    },
    {
      name: 'rooms-are-closed',
      comment: 'A room of src/ is entered by command, query or event, or through its module file; not by its insides.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: {
        path: '^src/([^/]+)/',
        pathNot: [
          '^src/$1/',
          '^src/[^/]+/[^/]+\\.(module|port|command|query)\\.ts$',
          '^src/(config|http)/',
          '^src/access/[^/]+\\.decorator\\.ts$',
        ],
      },
    },
    {
      name: 'no-dev-dependency',
      severity: 'error',
      from: { path: '^(src|libs|cli)/', pathNot: '\\.(test|fixture|contract)\\.ts$' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js'],
    },
  },
};

// Imports go one way: wire → protocol → transport → objects → operators → cluster → server, client → testing, react.
// A layer imports itself and what stands to its left; the entry points import what they publish.

const published = '^(src|operators)/';
const entryPoints = [
  '^src/index[.]ts$',
  '^src/browser[.]ts$',
  '^src/wire/index[.]ts$',
  '^operators/index[.]ts$',
  '^src/testing/index[.]ts$',
  '^src/react/index[.]ts$',
  '^src/cluster/redis/index[.]ts$',
];

/** The layers from left to right; those of one row may not import each other. */
const rows = [
  [{ name: 'wire', path: '^src/wire/' }],
  [{ name: 'protocol', path: '^src/protocol/' }],
  [{ name: 'transport', path: '^src/transport/' }],
  [{ name: 'objects', path: '^src/objects/' }],
  [{ name: 'operators', path: '^operators/' }],
  [{ name: 'cluster', path: '^src/cluster/' }],
  [
    { name: 'server', path: '^src/server/' },
    { name: 'client', path: '^src/client/' },
  ],
  [
    { name: 'testing', path: '^src/testing/' },
    { name: 'react', path: '^src/react/' },
  ],
];

const layerRules = rows.flatMap((row, index) =>
  row.map((layer) => {
    const allowed = [layer, ...rows.slice(0, index).flat()];
    return {
      name: `layer-${layer.name}`,
      comment: `${layer.name} may import only ${allowed.map(({ name }) => name).join(', ')}.`,
      severity: 'error',
      from: { path: layer.path },
      // Everything of this repository that is not one of the allowed layers.
      to: {
        path: '^(src|operators|test|demo|examples|bench|scripts)/',
        pathNot: allowed.map(({ path }) => path),
      },
    };
  }),
);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...layerRules,
    {
      name: 'no-cycle',
      comment: 'Modules that import each other cannot be understood, tested or loaded by themselves.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-index-across',
      comment: 'operators/ and src/ import each other by leaf module, never by index.',
      severity: 'error',
      from: { path: '^operators/' },
      to: { path: ['^src/index[.]ts$', '^src/.+/index[.]ts$'] },
    },
    {
      name: 'no-operators-index',
      comment: 'operators/ and src/ import each other by leaf module, never by index.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^operators/index[.]ts$' },
    },
    {
      name: 'node-free',
      comment:
        'Only src/transport/{tcp,tls,ipc,web-socket}/, src/cluster/{link,redis}/ and src/server/ are bound to Node.',
      severity: 'error',
      from: {
        path: published,
        pathNot: ['^src/transport/(tcp|tls|ipc|web-socket)/', '^src/cluster/(link|redis)/', '^src/server/'],
      },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ws-free',
      comment: 'Only src/transport/web-socket/ and src/server/ use ws.',
      severity: 'error',
      from: { path: published, pathNot: ['^src/transport/web-socket/', '^src/server/'] },
      to: { path: ['(^|/)node_modules/(@types/)?ws/', '^ws$'] },
    },
    {
      name: 'browser-reaches-no-node',
      comment: 'What runs in a browser must not get to Node or ws by way of another module either.',
      severity: 'error',
      from: { path: ['^src/(wire|protocol|client|react)/', '^operators/'] },
      to: { path: ['^src/transport/(tcp|tls|ipc|web-socket)/', '^src/server/'], reachable: true },
    },
    {
      name: 'redis-apart',
      comment: 'Who uses nnrp-rx/redis installs the client of Redis as well, and nobody else does.',
      severity: 'error',
      from: { path: published, pathNot: '^src/cluster/redis/' },
      to: { path: ['(^|/)node_modules/@redis/', '^src/cluster/redis/'] },
    },
    {
      name: 'react-apart',
      comment: 'Who uses nnrp-rx/react has React as well, and nobody else need have it.',
      severity: 'error',
      from: { path: published, pathNot: '^src/react/' },
      to: { path: ['(^|/)node_modules/(@types/)?react/', '^src/react/'] },
    },
    {
      name: 'rxjs-free',
      comment: 'wire/ and protocol/ are plain functions: no streams.',
      severity: 'error',
      from: { path: '^src/(wire|protocol)/' },
      to: { path: ['(^|/)node_modules/rxjs/', '^rxjs($|/)'] },
    },
    {
      name: 'published-imports-runtime-dependencies-only',
      comment: 'A user installs rxjs and ws with this package and nothing else (types included).',
      severity: 'error',
      from: { path: published, pathNot: '^src/(cluster/redis|react)/' },
      to: {
        dependencyTypes: [
          'npm',
          'npm-dev',
          'npm-peer',
          'npm-optional',
          'npm-no-pkg',
          'npm-unknown',
          'undetermined',
        ],
        pathNot: ['(^|/)node_modules/(rxjs|ws|@types/ws|@types/node)/'],
      },
    },
    {
      name: 'no-rxjs-internal',
      comment: 'rxjs/internal is not public.',
      severity: 'error',
      from: {},
      to: { path: '(^|/)node_modules/rxjs/(src|dist/[^/]+/internal)/' },
    },
    {
      name: 'resolvable',
      comment: 'An import that means no module.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'published-from-an-entry-point',
      comment: 'A module that no entry point reaches is dead: export it, or remove it.',
      severity: 'error',
      from: { path: entryPoints },
      to: { path: published, pathNot: entryPoints, reachable: false },
    },
    {
      name: 'no-orphan',
      comment: 'A module that imports nothing and that nothing imports.',
      severity: 'error',
      from: { orphan: true, path: published, pathNot: entryPoints },
      to: {},
    },
    {
      name: 'pipeline-runs',
      comment: 'An operator of the pipeline that neither server nor client runs is dead: remove it.',
      severity: 'error',
      module: {
        path: '^operators/[^/]+[.]ts$',
        pathNot: '^operators/(index|pipeline-options)[.]ts$',
        numberOfDependentsLessThan: 1,
      },
      from: { path: '^src/(server|client)/' },
    },
    {
      name: 'demo-as-a-user',
      comment: 'The demo programs and the examples use what a user can: an entry point.',
      severity: 'error',
      from: { path: '^(demo|examples)/' },
      to: { path: published, pathNot: entryPoints },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['^dist/', '/target/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['node', 'require', 'default'],
    },
  },
};

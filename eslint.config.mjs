import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import rxjsX from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

// In what is published.
const PUBLISHED_SYNTAX = [
  { selector: 'ExportDefaultDeclaration', message: 'Export by name.' },
  {
    selector:
      ':matches(TSPropertySignature, PropertyDefinition)[typeAnnotation.typeAnnotation.typeName.name="Observable"]:not([key.name=/[$]$/])',
    message: 'The name of a stream ends in $.',
  },
  {
    // `list[index]!` within the list's bounds is what a hot loop says; elsewhere `!` hides a case.
    selector: 'TSNonNullExpression:not([expression.type="MemberExpression"][expression.computed=true])',
    message: 'Handle the missing value.',
  },
  { selector: 'TSEnumDeclaration', message: 'An enum is a const object and a union type of its name.' },
];

// Rules that find bugs; layout is prettier's, the direction of imports is dependency-cruiser's.
export default defineConfig(
  globalIgnores(['**/dist/', 'dist-docs/', '**/coverage/', '**/target/', '.fuzz/']),
  {
    // A finding is mended or the rule is changed here, for everyone: comments switch nothing off.
    linterOptions: { noInlineConfig: true, reportUnusedDisableDirectives: 'error' },
  },
  js.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      'no-constructor-return': 'error',
      'no-promise-executor-return': 'error',
      'no-self-compare': 'error',
      'no-template-curly-in-string': 'error',
      'no-unreachable-loop': 'error',
      'no-unmodified-loop-condition': 'error',
      'array-callback-return': 'error',
      'default-case-last': 'error',
      'require-atomic-updates': 'error',
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    extends: [tseslint.configs.recommendedTypeChecked, rxjsX.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        // A default branch is how a value from the wire, wider than its type, is met.
        { considerDefaultExhaustiveForUnions: true, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { arguments: true } }],
      '@typescript-eslint/no-floating-promises': ['error', { ignoreVoid: true }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'error',
      '@typescript-eslint/no-deprecated': 'error',
      '@typescript-eslint/no-invalid-void-type': ['error', { allowInGenericTypeArguments: true }],
      '@typescript-eslint/no-meaningless-void-operator': 'error',
      '@typescript-eslint/no-mixed-enums': 'error',
      '@typescript-eslint/no-dynamic-delete': 'error',
      '@typescript-eslint/related-getter-setter-pairs': 'error',
      '@typescript-eslint/prefer-literal-enum-member': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrors: 'all', ignoreRestSiblings: true },
      ],
      // Which index may be imported from where is dependency-cruiser's to say.
      'rxjs-x/no-index': 'off',
      // A session is a stream of streams: what a session does is subscribed where it arrives.
      'rxjs-x/no-nested-subscribe': 'off',
      'rxjs-x/no-sharereplay-before-takeuntil': 'error',
      'rxjs-x/no-misused-observables': 'error',
    },
  },
  {
    // What is published: nothing silenced, nothing dropped, nothing printed.
    files: ['src/**/*.ts', 'operators/**/*.ts'],
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...PUBLISHED_SYNTAX],
      'rxjs-x/no-floating-observables': 'error',
      'rxjs-x/no-ignored-error': 'error',
      'rxjs-x/no-ignored-default-value': 'error',
    },
  },
  {
    // A wait may be longer than a timer takes, or have no end: scheduleIn, scheduleAwake and scheduleAt know that.
    files: ['src/{server,client,transport}/**/*.ts', 'operators/**/*.ts'],
    ignores: ['src/transport/time/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['setTimeout', 'setInterval'].map((name) => ({
          name,
          message: 'Use scheduleIn or scheduleAwake.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        ...PUBLISHED_SYNTAX,
        {
          selector: 'CallExpression[callee.property.name="schedule"][arguments.length>1]',
          message: 'Use scheduleIn or scheduleAwake for what is to be done later.',
        },
        {
          selector:
            'ImportDeclaration[source.value="rxjs"] > ImportSpecifier[imported.name=/^(timer|interval|timeout|timeoutWith|delay|debounceTime|auditTime|sampleTime|throttleTime|bufferTime|windowTime)$/]',
          message: 'Use scheduleIn or scheduleAwake for what is to be done later.',
        },
      ],
    },
  },
  {
    // They turn a record's layout, and bytes that are known, into code, and fall back where a page forbids that.
    files: ['src/wire/codec/compiled.ts', 'src/wire/codec/pattern.ts'],
    rules: { '@typescript-eslint/no-implied-eval': 'off' },
  },
  {
    // A test may hand over a method, and may be async for the sake of its callers.
    files: ['test/**/*.{ts,tsx}', 'examples/**/*.ts'],
    rules: {
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', URL: 'readonly' },
    },
  },
  {
    files: ['**/*.{js,cjs}'],
    ignores: ['template/**'],
    languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } },
  },
  {
    files: ['template/**/page.js'],
    languageOptions: { globals: { document: 'readonly', location: 'readonly', sessionStorage: 'readonly' } },
  },
);

import { fold } from './path-syntax.js';

/** What may only be changed by an exact grant in an approved plan, at any depth and however its letters are cased. */
export interface Protection {
  /** Stable: part of the rule `protected.<what>`. */
  readonly what: string;
  /** Names of files; `*` stands for any characters. */
  readonly files?: readonly string[];
  /** Names of folders, protected with all that is in them. */
  readonly folders?: readonly string[];
}

const words = (text: string): readonly string[] => text.trim().split(/\s+/);

export const PROTECTED: readonly Protection[] = [
  { what: 'git', folders: ['.git*'] },
  {
    what: 'ci',
    folders: words('.circleci .buildkite .gitlab .woodpecker .ci .forgejo .gitea'),
    files: words(`.travis.yml azure-pipelines.y*ml jenkinsfile appveyor.yml .appveyor.yml .drone.yml .cirrus.yml
      bitbucket-pipelines.yml cloudbuild.yaml .pre-commit-config.yaml`),
  },
  {
    what: 'agent-configuration',
    folders: words(
      '.claude .codex .cursor .gemini .opencode .continue .windsurf .aider* .roo .vscode .idea .devcontainer',
    ),
    files: words(`agents.md agent.md claude.md claude.local.md gemini.md .mcp.json mcp.json .cursorrules .windsurfrules
      opencode.json opencode.jsonc copilot-instructions.md`),
  },
  {
    what: 'lockfile',
    files: words(`package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock bun.lockb deno.lock cargo.lock
      poetry.lock uv.lock pdm.lock pipfile.lock gemfile.lock composer.lock go.sum go.work.sum mix.lock pubspec.lock
      flake.lock podfile.lock gradle.lockfile packages.lock.json`),
  },
  {
    what: 'package-manifest',
    files:
      words(`package.json pnpm-workspace.yaml lerna.json deno.json deno.jsonc cargo.toml go.mod go.work pyproject.toml
      setup.py setup.cfg requirements*.txt pipfile gemfile *.gemspec composer.json pom.xml *.gradle *.gradle.kts
      gradle.properties build.sbt mix.exs pubspec.yaml *.csproj *.sln package.swift cmakelists.txt build.rs`),
  },
  {
    what: 'verifier',
    folders: words('.cargo .config'),
    files: words(`.hyper-run.json makefile gnumakefile *.mk justfile taskfile.y*ml rakefile gruntfile.* gulpfile.*
      jest.config* jest.setup* vitest.config* vitest.workspace* vitest.setup* vite.config* karma.conf* .mocharc* .taprc
      ava.config* .c8rc* .nycrc* playwright.config* cypress.config* cypress.json tsconfig*.json jsconfig*.json
      babel.config* .babelrc* .swcrc webpack.config* rollup.config* turbo.json nx.json .eslintrc* .eslintignore
      eslint.config* .oxlintrc* oxlint.json biome.json* .prettierrc* prettier.config* .prettierignore .markdownlint*
      .remarkrc* .stylelintrc* .editorconfig cspell.json cspell.config* .cspell* .codespellrc codecov.y*ml .codecov.y*ml
      .coveragerc conftest.py pytest.ini .pytest.ini tox.ini noxfile.py .flake8 mypy.ini .mypy.ini .pylintrc ruff.toml
      .ruff.toml .golangci.* phpunit.xml* phpstan.neon* .rspec .rubocop* clippy.toml .clippy.toml rustfmt.toml
      .rustfmt.toml dockerfile* docker-compose*.y*ml compose.y*ml .dockerignore`),
  },
  {
    what: 'environment',
    folders: words('.yarn .ssh node_modules'),
    files:
      words(`.env .env.* .envrc .npmrc .yarnrc* .pnpmfile.cjs .pypirc .netrc pip.conf bunfig.toml .node-version .nvmrc
      .tool-versions .python-version sitecustomize.py usercustomize.py *.pth`),
  },
  {
    what: 'hooks',
    folders: words('.husky .lefthook'),
    files: words('lefthook.y*ml .lefthook.y*ml .lintstagedrc* lint-staged.config*'),
  },
];

/** An empty list matches nothing: no name is empty. */
const anyOf = (names: readonly string[] = []) =>
  new RegExp(`^(?:${names.map((name) => name.replaceAll('.', String.raw`\.`).replaceAll('*', '.*')).join('|')})$`);

const COMPILED = PROTECTED.map(({ what, files, folders }) => ({ what, file: anyOf(files), folder: anyOf(folders) }));

/** What a path is protected as, or undefined. */
export const protectionOf = (path: string): string | undefined => {
  const segments = fold(path).split('/');
  const name = segments.at(-1) ?? '';
  return COMPILED.find(({ file, folder }) => file.test(name) || segments.some((segment) => folder.test(segment)))?.what;
};

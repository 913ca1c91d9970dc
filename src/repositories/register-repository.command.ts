import { basename } from 'node:path';
import { realpath } from 'node:fs/promises';
import { Inject } from '@nestjs/common';
import { Command, CommandHandler, type ICommandHandler } from '@nestjs/cqrs';
import { HyperRunError, repositoryStream, type RepositoryId } from '#contracts';
import { repository } from '#domain';
import { GitRepository } from '#git';
import { CONFIG, type Config } from '../config/config.js';
import { Decisions, derivedId, type Issued } from '../world/decisions.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import type { FoundRepository } from './find-repository.query.js';

export type RegisteredRepository = FoundRepository & { readonly cursor: string; readonly created: boolean };

/** Makes a folder known as a repository that may be worked on. Known already: the same answer, nothing written. */
export class RegisterRepositoryCommand extends Command<RegisteredRepository> {
  constructor(
    readonly path: string,
    readonly issued: Issued,
  ) {
    super();
  }
}

@CommandHandler(RegisterRepositoryCommand)
export class RegisterRepositoryHandler implements ICommandHandler<RegisterRepositoryCommand> {
  constructor(
    private readonly decisions: Decisions,
    private readonly live: LiveWorld,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async execute({ path, issued }: RegisterRepositoryCommand): Promise<RegisteredRepository> {
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined)
      throw new HyperRunError('repository.not-found', `There is no folder "${path}" on the machine of the service.`);
    await this.requireAllowed(real);
    const opened = await GitRepository.open(real, { allowedRoots: this.config.repositories });
    const root = opened.path;
    opened.close();
    const repositoryId = derivedId('r', root) as RepositoryId;
    const name = basename(root).replace(/\.git$/, '') || 'repository';
    const outcome = await this.decisions.make({
      stream: repositoryStream(repositoryId),
      decider: repository,
      command: { type: 'register', repositoryId, path: root, name },
      issued,
    });
    await this.live.reached(outcome.position);
    return { repositoryId, path: root, name, cursor: outcome.cursor, created: outcome.events.length > 0 };
  }

  private async requireAllowed(folder: string): Promise<void> {
    const roots = await Promise.all(this.config.repositories.map((allowed) => realpath(allowed).catch(() => allowed)));
    if (
      roots.some((allowed) => folder === allowed || folder.startsWith(allowed.endsWith('/') ? allowed : `${allowed}/`))
    )
      return;
    throw new HyperRunError(
      'repository.not-allowed',
      `"${folder}" lies outside the folders that this service may work in (${roots.join(', ')}). Start it with HYPER_RUN_REPOSITORIES.`,
    );
  }
}

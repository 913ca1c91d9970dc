import { Body, Controller, Get, HttpStatus, Inject, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { CONFIG, type Config } from '../config/config.js';
import { Answers, CURSOR_PROBLEMS, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { PageAtDto } from '../http/at.dto.js';
import { pageOf } from '../http/page.js';
import { issuedBy } from '../world/issued.port.js';
import { WorldHistory } from '../world/world-history.port.js';
import { registered } from './find-repository.query.js';
import { RegisterRepositoryCommand } from './register-repository.command.js';
import { RepositoryAdded, RepositoryPage } from './repositories.schema.js';

export class RegisterRepositoryDto {
  @ApiProperty({ description: 'Folder of the repository, on the machine of the service, within its allowed roots.' })
  @IsString()
  @MinLength(1)
  @MaxLength(4096)
  path: string;
}

@ApiTags('repositories')
@ApiBearerAuth()
@Controller('repositories')
export class RepositoriesController {
  constructor(
    private readonly commands: CommandBus,
    private readonly history: WorldHistory,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The repositories that may be worked on, now or at a moment' })
  @Answers(200, RepositoryPage, 'A page of repositories')
  @Problems(...CURSOR_PROBLEMS)
  async list(@Query() page: PageAtDto) {
    const { world, cursor } = await this.history.at(page.at);
    const all = [...world.repositories.values()].flatMap(registered);
    const views = all.map(({ repositoryId, path, name, running, dismissed }) => ({
      repositoryId,
      path,
      name,
      running,
      dismissed: dismissed.size,
    }));
    return { ...pageOf(views, page), cursor, roots: this.config.repositories };
  }

  @Post()
  @ApiOperation({ summary: 'Add a repository within the allowed roots; known already: the same answer with 200' })
  @Answers(201, RepositoryAdded, 'It was added')
  @Answers(200, RepositoryAdded, 'It was known')
  @Problems(
    'repository.not-allowed',
    'repository.outside-roots',
    'repository.not-found',
    'repository.not-a-repository',
    'repository.unreadable',
    'repository.branch-in-the-way',
    'repository.unsupported-format',
  )
  async register(
    @Body() { path }: RegisterRepositoryDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
    @Res({ passthrough: true }) reply: FastifyReply,
  ) {
    const { created, ...found } = await this.commands.execute(
      new RegisterRepositoryCommand(path, issuedBy(principal, commandId, { path })),
    );
    void reply.status(created ? HttpStatus.CREATED : HttpStatus.OK);
    return found;
  }
}

import { Body, Controller, Get, HttpStatus, Post, Query, Res } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsString, MaxLength, MinLength } from 'class-validator';
import type { FastifyReply } from 'fastify';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { PageDto } from '../http/page.dto.js';
import { pageOf } from '../http/page.js';
import { issuedBy } from '../world/issued.port.js';
import { LiveWorld } from '../world/live-world.port.js';
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
    private readonly live: LiveWorld,
  ) {}

  @Get()
  @ApiOperation({ summary: 'The repositories that may be worked on' })
  @Answers(200, RepositoryPage, 'A page of repositories')
  list(@Query() page: PageDto) {
    const all = [...this.live.world.repositories.values()].flatMap(registered);
    return pageOf(
      all.map(({ repositoryId, path, name, running, dismissed }) => ({
        repositoryId,
        path,
        name,
        running,
        dismissed: dismissed.size,
      })),
      page,
    );
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

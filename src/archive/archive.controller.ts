import { createReadStream } from 'node:fs';
import { Controller, Get, HttpCode, HttpStatus, Param, Post, StreamableFile } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HyperRunError, type SprintId } from '#contracts';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, AnswersText, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { SprintIdParam } from '../http/id.params.js';
import { issuedBy } from '../world/issued.port.js';
import { LiveWorld } from '../world/live-world.port.js';
import { ArchiveFiles } from './archive-files.port.js';
import { ArchivedSprint } from './archive.schema.js';
import { ArchiveSprintCommand } from './archive-sprint.command.js';

@ApiTags('audit')
@ApiBearerAuth()
@Controller('hyper-running/sprints/:sprintId/archive')
export class ArchiveController {
  constructor(
    private readonly commands: CommandBus,
    private readonly files: ArchiveFiles,
    private readonly live: LiveWorld,
  ) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary: 'Archive a finished sprint now: its events go into a sealed file, and all answers stay as they are',
  })
  @Answers(200, ArchivedSprint, 'It is archived; the same answer if it was before')
  @Problems(
    'sprint.unknown',
    'sprint.not-completed',
    'sprint.integrating',
    'event.redacting',
    'archive.missing',
    'archive.damaged',
  )
  async archive(
    @Param('sprintId', SprintIdParam) sprintId: SprintId,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { archive: sprintId });
    const { archive, cursor } = await this.commands.execute(new ArchiveSprintCommand(sprintId, issued));
    const { digest, count, bytes, archivedAt } = archive;
    return {
      sprintId,
      digest,
      events: count,
      bytes,
      archivedAt: new Date(archivedAt).toISOString(),
      path: this.files.pathOf(digest),
      cursor,
    };
  }

  @Get()
  @ApiOperation({ summary: 'The archive of a sprint as a file: gzip, in it the sealed export' })
  @AnswersText(200, 'application/gzip', 'The file')
  @Problems('sprint.unknown', 'sprint.not-archived', 'archive.missing')
  async file(@Param('sprintId', SprintIdParam) sprintId: SprintId): Promise<StreamableFile> {
    const state = this.live.world.sprints.get(sprintId);
    if (state === undefined || state.status === 'absent')
      throw new HyperRunError('sprint.unknown', `There is no plan and no sprint "${sprintId}".`);
    const archive = state.status === 'completed' ? state.archive : undefined;
    if (archive === undefined)
      throw new HyperRunError('sprint.not-archived', `Sprint ${sprintId} is not archived. Its events are in the log.`);
    await this.files.require({ digest: archive.digest, sprintId });
    return new StreamableFile(createReadStream(this.files.pathOf(archive.digest)), {
      type: 'application/gzip',
      disposition: `attachment; filename="${archive.digest}.ndjson.gz"`,
      length: archive.bytes,
    });
  }
}

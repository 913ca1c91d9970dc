import { Body, Controller, HttpCode, HttpStatus, Param, Post } from '@nestjs/common';
import { CommandBus } from '@nestjs/cqrs';
import { ApiBearerAuth, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';
import { CurrentPrincipal } from '../access/principal.decorator.js';
import { Answers, Problems } from '../http/answers.decorator.js';
import { CommandId } from '../http/command-id.decorator.js';
import { EventIdParam } from '../http/id.params.js';
import { issuedBy } from '../world/issued.port.js';
import { RedactedEventView } from './archive.schema.js';
import { RedactEventCommand } from './redact-event.command.js';

export class RedactDto {
  @ApiProperty({ minLength: 1, maxLength: 2000, description: 'Recorded. Do not repeat here what is to be taken out.' })
  @IsString()
  @Length(1, 2000)
  reason!: string;
}

@ApiTags('audit')
@ApiBearerAuth()
@Controller('events/:eventId/redact')
export class RedactionsController {
  constructor(private readonly commands: CommandBus) {}

  @Post()
  @HttpCode(HttpStatus.OK)
  @ApiOperation({
    summary:
      'Take the free texts of an event out of log, feed, archive and artefacts; their digest stays, and the seal holds',
  })
  @Answers(200, RedactedEventView, 'It is done')
  @Problems('event.unknown', 'event.nothing-to-redact', 'archive.missing', 'archive.damaged')
  async redact(
    @Param('eventId', EventIdParam) eventId: string,
    @Body() { reason }: RedactDto,
    @CurrentPrincipal() principal: string,
    @CommandId() commandId: string,
  ) {
    const issued = issuedBy(principal, commandId, { redact: eventId, reason });
    const { stream, request, cursor } = await this.commands.execute(new RedactEventCommand(eventId, reason, issued));
    const { version, digest, fields, artifacts } = request;
    return { eventId, stream, version, digest, fields, artifacts, cursor };
  }
}

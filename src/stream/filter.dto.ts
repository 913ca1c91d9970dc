import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { eventSchemas, TYPE_PREFIX } from '#contracts';
import { IdList, WordList } from '../http/list.decorator.js';
import { ListenDto } from '../http/listen.dto.js';
import type { Filter } from './filter.js';

const EVENT_TYPES = Object.keys(eventSchemas);
const bare = (type: string) => type.replace(TYPE_PREFIX, '');

/** `GET /events/stream`: which events, and after which cursor. */
export class FollowDto extends ListenDto {
  @IdList('Ids of sprints')
  readonly sprint?: readonly string[];

  @IdList('Ids of agents')
  readonly agent?: readonly string[];

  @WordList('Types, with or without `hyperrun.`', EVENT_TYPES, 'types of events as in docs/events.md', bare)
  readonly type?: readonly string[];
}

/** `GET /events`: a page of the history. */
export class HistoryDto extends FollowDto {
  @ApiPropertyOptional({
    type: String,
    description:
      'Instead of `after`: the newest events before this cursor, itself not among them; empty: the newest of all.',
  })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly before?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1000, default: 100 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly limit: number = 100;
}

export const filterOf = ({ sprint = [], agent = [], type = [] }: FollowDto): Filter => ({
  sprints: sprint,
  agents: agent,
  types: type,
});

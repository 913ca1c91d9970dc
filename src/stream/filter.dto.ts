import { ApiPropertyOptional } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min } from 'class-validator';
import { eventSchemas, ID_PATTERN, TYPE_PREFIX } from '#contracts';
import type { Filter } from './filter.js';

const EVENT_TYPES = Object.keys(eventSchemas);

const listed = (value: unknown): unknown =>
  typeof value === 'string' ? value.split(',').map((part) => part.trim().replace(TYPE_PREFIX, '')) : value;
const Listed = () => Transform(({ value }: { value: unknown }) => listed(value));

const notAnId = { each: true, message: `expected ids like ${ID_PATTERN.source}, separated by commas` };
const notAType = { each: true, message: 'expected types of events, separated by commas; docs/events.md lists them' };

/** `GET /events/stream`: which events, and after which cursor. */
export class FollowDto {
  @ApiPropertyOptional({ type: String, description: 'Ids of sprints, separated by commas.' })
  @IsOptional()
  @Listed()
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, notAnId)
  readonly sprint?: readonly string[];

  @ApiPropertyOptional({ type: String, description: 'Ids of agents, separated by commas.' })
  @IsOptional()
  @Listed()
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, notAnId)
  readonly agent?: readonly string[];

  @ApiPropertyOptional({ type: String, description: 'Types, with or without `hyperrun.`, separated by commas.' })
  @IsOptional()
  @Listed()
  @ArrayMaxSize(100)
  @IsIn(EVENT_TYPES, notAType)
  readonly type?: readonly string[];

  @ApiPropertyOptional({ type: String, description: 'Cursor after which to begin. `Last-Event-ID` goes before it.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly after?: string;
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

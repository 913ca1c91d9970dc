import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength } from 'class-validator';
import { PageDto } from './page.dto.js';

const documented = () =>
  ApiPropertyOptional({
    type: String,
    description: 'A cursor, the position of an event, or an RFC 3339 time: the state as it was then.',
  });

export class AtDto {
  @documented()
  @IsOptional()
  @IsString()
  @MaxLength(80)
  readonly at?: string;
}

/** A page of what there was at a moment. With `cursor` of the first page as `at`, all pages are of the same moment. */
export class PageAtDto extends PageDto {
  @documented()
  @IsOptional()
  @IsString()
  @MaxLength(80)
  readonly at?: string;
}

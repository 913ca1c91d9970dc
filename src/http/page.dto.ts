import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

/** A page of a list: what comes after a cursor, at most so many. */
export class PageDto {
  @ApiPropertyOptional({ type: String, description: 'Cursor after which the page begins: `next` of the one before.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  readonly after?: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1000, default: 100 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(1000)
  readonly limit: number = 100;
}

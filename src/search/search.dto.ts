import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { MAX_QUERY_LENGTH } from '#hafs';

export class WhichRepositoryDto {
  @ApiPropertyOptional({ type: String, description: 'Id or path; may be left out while there is only one.' })
  @IsOptional()
  @IsString()
  @Length(1, 4096)
  readonly repository?: string;
}

export class SearchDto extends WhichRepositoryDto {
  @ApiProperty({ type: String, description: 'A question in words, or a name, or a path.' })
  @IsString()
  @Length(1, MAX_QUERY_LENGTH)
  readonly q: string;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 100, default: 10 })
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  readonly limit: number = 10;

  @ApiPropertyOptional({ type: 'integer', minimum: 50, maximum: 100_000, default: 2000 })
  @Type(() => Number)
  @IsInt()
  @Min(50)
  @Max(100_000)
  readonly tokens: number = 2000;
}

export class TreeDto extends WhichRepositoryDto {
  @ApiPropertyOptional({ type: String, default: '', description: 'A folder or a file; left out: the root.' })
  @IsOptional()
  @IsString()
  @MaxLength(4096)
  readonly path: string = '';
}

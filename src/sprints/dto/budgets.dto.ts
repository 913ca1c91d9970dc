import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsNumber, IsObject, IsPositive, Max, Min, ValidateNested } from 'class-validator';
import { Given } from './given.decorator.js';

/** What all tasks of a plan may use together. */
export class SprintBudgetsDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 86_400, description: 'Working time of agents.' })
  @Given()
  @IsInt()
  @Min(1)
  @Max(86_400)
  wallSeconds?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000_000 })
  @Given()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  toolCalls?: number;

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 1_000_000_000, description: 'In and out together.' })
  @Given()
  @IsInt()
  @Min(1)
  @Max(1_000_000_000)
  tokens?: number;

  @ApiPropertyOptional({ maximum: 1_000_000, description: 'US dollars.' })
  @Given()
  @IsNumber()
  @IsPositive()
  @Max(1_000_000)
  cost?: number;
}

/** What each task may use; what is left out is as the repository or the service has it. */
export class BudgetsDto extends SprintBudgetsDto {
  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 10 })
  @Given()
  @IsInt()
  @Min(1)
  @Max(10)
  attempts?: number;

  @ApiPropertyOptional({ type: SprintBudgetsDto, description: 'For all tasks together.' })
  @Given()
  @IsObject()
  @ValidateNested()
  @Type(() => SprintBudgetsDto)
  sprint?: SprintBudgetsDto;
}

import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { ID_PATTERN, MOST_FALLBACKS, type SprintId, type TaskId } from '#contracts';
import { BudgetsDto } from './budgets.dto.js';
import { Given } from './given.decorator.js';

const PATTERN = { each: true, message: '$property: each pattern has 1 to 1024 characters' };

export class RequestPlanDto {
  @ApiPropertyOptional({ description: 'Id or path of the repository; may be left out while there is only one.' })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(4096)
  repository?: string;

  @ApiPropertyOptional({ type: [String], example: ['docs/**', 'tests/**'], description: 'What may be changed at all.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MinLength(1, PATTERN)
  @MaxLength(1024, PATTERN)
  scope?: string[];

  @ApiPropertyOptional({ type: 'integer', minimum: 1, maximum: 50, default: 3 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(50)
  maxTasks?: number;

  @ApiPropertyOptional({ maxLength: 200, description: 'Words that matter: they raise what they match.' })
  @IsOptional()
  @IsString()
  @MaxLength(200)
  focus?: string;

  @ApiPropertyOptional({
    type: [String],
    description: 'Protected paths that the plan may name all the same, one by one.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(1024, { each: true })
  grants?: string[];

  @ApiPropertyOptional({
    type: BudgetsDto,
    description: 'What may be spent at most. At a limit a task is blocked and asks.',
  })
  @Given()
  @IsObject()
  @ValidateNested()
  @Type(() => BudgetsDto)
  budgets?: BudgetsDto;
}

export class TaskEditDto {
  @ApiProperty({ pattern: ID_PATTERN.source })
  @Matches(ID_PATTERN)
  taskId: TaskId;

  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @IsString()
  @MinLength(1)
  @MaxLength(200)
  title?: string;

  @ApiPropertyOptional({ maxLength: 4000 })
  @IsOptional()
  @IsString()
  @MaxLength(4000)
  instructions?: string;

  @ApiPropertyOptional({ type: [String], description: 'A part of the paths that the task names now.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(200)
  @IsString({ each: true })
  @MaxLength(1024, { each: true })
  paths?: string[];

  @ApiPropertyOptional({ description: 'Kind of the agent that is to do it.' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  agent?: string;

  @ApiPropertyOptional({
    type: [String],
    maxItems: MOST_FALLBACKS,
    description:
      'Kinds of the agents that may take it over where that one gets into trouble, in this order; [] for none.',
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(MOST_FALLBACKS)
  @IsString({ each: true })
  @MaxLength(40, { each: true })
  fallbacks?: string[];
}

export class EditPlanDto {
  @ApiPropertyOptional({
    type: [String],
    description:
      'Another scope. Tasks keep what lies in it and are dropped where nothing does; what it lets in besides is planned for, by what the scan found.',
  })
  @Given()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @IsString({ each: true })
  @MinLength(1, PATTERN)
  @MaxLength(1024, PATTERN)
  scope?: string[];

  @ApiPropertyOptional({ type: [String], description: 'Tasks to drop.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, { each: true })
  drop?: TaskId[];

  @ApiPropertyOptional({ type: [String], description: 'Task ids in their new order.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, { each: true })
  order?: TaskId[];

  @ApiPropertyOptional({ type: [TaskEditDto] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @ValidateNested({ each: true })
  @Type(() => TaskEditDto)
  tasks?: TaskEditDto[];

  @ApiPropertyOptional({
    description: 'Whether set-up commands may reach the `setupHosts` of the plan, and nobody else.',
  })
  @IsOptional()
  @IsBoolean()
  setupNetwork?: boolean;

  @ApiPropertyOptional({ type: [String], description: 'Protected paths that may be changed all the same, one by one.' })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @MaxLength(1024, { each: true })
  grants?: string[];

  @ApiPropertyOptional({ type: BudgetsDto, description: 'Limits that change; the others stay.' })
  @Given()
  @IsObject()
  @ValidateNested()
  @Type(() => BudgetsDto)
  budgets?: BudgetsDto;
}

export class ExecutePlanDto {
  @ApiProperty({ pattern: ID_PATTERN.source })
  @Matches(ID_PATTERN)
  planId: SprintId;

  @ApiProperty({ description: 'Hash of exactly the plan that was read.', pattern: '^[0-9a-f]{64}$' })
  @Matches(/^[0-9a-f]{64}$/)
  planHash: string;

  @ApiPropertyOptional({ type: [String], description: 'The approved tasks; those not named are declined.' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(50)
  @Matches(ID_PATTERN, { each: true })
  taskIds?: TaskId[];

  @ApiPropertyOptional({ description: 'Nobody has read it: only where the policy of the service allows that.' })
  @IsOptional()
  @IsBoolean()
  unattended?: boolean;
}

export class ReasonDto {
  @ApiPropertyOptional({ maxLength: 2000 })
  @IsOptional()
  @IsString()
  @MaxLength(2000)
  reason?: string;
}

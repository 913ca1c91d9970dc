import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsNumber,
  IsObject,
  IsPositive,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { ID_PATTERN, type TaskId } from '#contracts';
import { Given } from './given.decorator.js';

export class GrantDto {
  @ApiProperty({ maximum: 1_000_000_000, description: 'How much more, above 0; cost in US dollars.' })
  @IsNumber()
  @IsPositive()
  @Max(1_000_000_000)
  amount: number;
}

export class AnswerTaskDto {
  @ApiPropertyOptional({ maxLength: 64, description: 'The question that was read: another one is not answered.' })
  @Given()
  @IsString()
  @Length(1, 64)
  questionId?: string;

  @ApiPropertyOptional({ maxLength: 64, description: 'Id of one of the options of the question.' })
  @Given()
  @IsString()
  @Length(1, 64)
  choice?: string;

  @ApiPropertyOptional({ maxLength: 4000, description: 'The answer to a question without options; else a remark.' })
  @Given()
  @IsString()
  @MaxLength(4000)
  text?: string;

  @ApiPropertyOptional({ type: GrantDto, description: 'More of the budget that is used up.' })
  @Given()
  @IsObject()
  @ValidateNested()
  @Type(() => GrantDto)
  grant?: GrantDto;
}

/** The same as a message over the Redis transport. */
export class AnswerMessage extends AnswerTaskDto {
  @Matches(ID_PATTERN)
  taskId: TaskId;

  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsString()
  token: string;
}

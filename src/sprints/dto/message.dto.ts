import { Type } from 'class-transformer';
import { IsOptional, IsString, Length, Matches, MaxLength, ValidateNested } from 'class-validator';
import { ID_PATTERN, type SprintId } from '#contracts';
import { IntegrateDto } from './integrate.dto.js';
import { EditPlanDto, ExecutePlanDto, RequestPlanDto } from './plan.dto.js';

/** A write without a command id is refused: every instance of the service hears it, and it is to happen once. */

export class PlanMessage extends RequestPlanDto {
  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsString()
  token: string;
}

export class ExecuteMessage extends ExecutePlanDto {
  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsString()
  token: string;
}

export class GetMessage {
  @Matches(ID_PATTERN)
  sprintId: SprintId;

  @IsString()
  token: string;
}

export class SteerMessage extends GetMessage {
  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  reason?: string;
}

export class IntegrateMessage extends IntegrateDto {
  @Matches(ID_PATTERN)
  sprintId: SprintId;

  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsString()
  token: string;
}

export class RejectMessage {
  @Matches(ID_PATTERN)
  planId: SprintId;

  @IsString()
  @Length(1, 128)
  commandId: string;

  @IsString()
  token: string;

  @IsOptional()
  @IsString()
  @MaxLength(2000)
  reason?: string;
}

export class EditMessage extends RejectMessage {
  @Matches(/^[0-9a-f]{64}$/)
  planHash: string;

  @ValidateNested()
  @Type(() => EditPlanDto)
  edit: EditPlanDto;
}

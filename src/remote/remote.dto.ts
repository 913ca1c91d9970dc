import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ID_PATTERN, type AgentId, type TaskId } from '#contracts';

/** Characters; bytes are limited by the tree that is written. */
const LONGEST_PATCH = 1_048_576;
const LONGEST_WAIT_SECONDS = 55;

/** A slot of a kind: `mine-1`. */
const REMOTE_AGENT = /^(?=.{1,40}$)[a-z0-9-]{1,36}-[1-9]\d?$/;

class RemoteMessage {
  @Matches(REMOTE_AGENT, { message: 'agent must be the name of a kind, a hyphen and a number from 1 to 99: mine-1' })
  agent: AgentId;

  @IsString()
  token: string;

  @IsString()
  @Length(1, 128)
  commandId: string;
}

export class RegisterMessage extends RemoteMessage {
  @IsOptional()
  @IsString()
  @Length(1, 60)
  name?: string;

  @IsOptional()
  @IsString()
  @Length(1, 40)
  version?: string;
}

export class NextMessage extends RemoteMessage {
  /** How long the answer may take. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(LONGEST_WAIT_SECONDS)
  waitSeconds?: number;
}

export class TaskMessage extends NextMessage {
  @Matches(ID_PATTERN)
  taskId: TaskId;

  @IsInt()
  @Min(1)
  @Max(1000)
  attempt: number;
}

export class ActMessage extends TaskMessage {
  @IsString()
  @Length(1, 40)
  tool: string;

  @IsOptional()
  @IsObject()
  input?: object;
}

/** What its model has used since it said so last. */
class UsageDto {
  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  inputTokens: number;

  @IsInt()
  @Min(0)
  @Max(1_000_000_000)
  outputTokens: number;

  /** US dollars; 0 where it is not known. */
  @IsNumber()
  @Min(0)
  @Max(1_000_000)
  cost: number;
}

export class ProgressMessage extends TaskMessage {
  @IsOptional()
  @IsString()
  @Length(1, 2000)
  note?: string;

  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => UsageDto)
  usage?: UsageDto;
}

export class BlockMessage extends TaskMessage {
  @IsString()
  @Length(1, 2000)
  question: string;

  @IsOptional()
  @IsArray()
  @ArrayMaxSize(20)
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  options?: string[];
}

export class SubmitMessage extends TaskMessage {
  @IsString()
  @Length(1, 2000)
  summary: string;

  @IsOptional()
  @IsIn(['done', 'gave-up'])
  outcome?: 'done' | 'gave-up';

  /** A unified diff. */
  @IsOptional()
  @IsString()
  @MaxLength(LONGEST_PATCH)
  patch?: string;
}

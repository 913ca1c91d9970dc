import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, MaxLength, MinLength } from 'class-validator';

export class RetryDto {
  @ApiPropertyOptional({ description: 'Kind of another agent. Left out: the one that did it before.' })
  @IsOptional()
  @IsString()
  @MaxLength(40)
  agent?: string;
}

export class RequestChangesDto extends RetryDto {
  @ApiProperty({ maxLength: 4000, description: 'What is to be different. Its agent knows the last candidate, too.' })
  @IsString()
  @MinLength(1)
  @MaxLength(4000)
  comment: string;
}

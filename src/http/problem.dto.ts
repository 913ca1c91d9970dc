import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

class FieldErrorDto {
  @ApiProperty({ type: String }) readonly field: string;
  @ApiProperty({ type: String }) readonly message: string;
}

/** RFC 9457 problem details, as OpenAPI describes them. */
export class ProblemDto {
  @ApiProperty({ type: String, example: '/errors/plan.stale-hash' }) readonly type: string;
  @ApiProperty({ type: String }) readonly title: string;
  @ApiProperty({ type: 'integer' }) readonly status: number;
  @ApiProperty({ type: String, description: 'What was expected, what was found, what to do.' }) readonly detail: string;
  @ApiProperty({ type: String, example: 'plan.stale-hash' }) readonly code: string;
  @ApiPropertyOptional({ type: [FieldErrorDto] }) readonly errors?: readonly FieldErrorDto[];
}

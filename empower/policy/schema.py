"""The JSON Schema of a policy file, for editors: TOML has no null, and no key stands for what is absent."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from empower.policy.document import Document


class EditorSchema(GenerateJsonSchema):
    """Leaves out nulls, defaults of absence and the titles that pydantic makes of keys."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """What is there if it is there."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """The value alone: a default here is absence."""
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """A section, without the name of its class."""
        made = super().model_schema(schema)
        made.pop("title", None)
        return made

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """Tables by name, with no other names."""
        return {**super().dict_schema(schema), "additionalProperties": False}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Keys speak for themselves."""
        return False


def schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of a policy file."""
    made = Document.model_json_schema(schema_generator=EditorSchema)
    return {"$schema": EditorSchema.schema_dialect, **made, "title": "Empower policy"}

"""The sandbox's CloudFormation: templates, change sets and stacks that live over time, one handler per resource type.

moto's own engine is synchronous, silently ignores a third of the types the stack needs and loses resources on update
(docs: moto.md section 1), so this replaces it behind the same endpoint.
"""

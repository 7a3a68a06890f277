"""What a gateway tells a person who may decide, answer or just looks: kept in step with it."""

"""The world becomes state: activities are learnt, scored and graded."""

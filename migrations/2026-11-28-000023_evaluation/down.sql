DROP TABLE gate_overrides, evaluation_gates, evaluation_questions, evaluations, judgements, test_questions, test_sets;

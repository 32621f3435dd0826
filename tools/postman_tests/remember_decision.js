pm.collectionVariables.set("decisionId", decision.decision_id);

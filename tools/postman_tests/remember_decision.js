pm.collectionVariables.set("decisionId", decision.decision_id);
pm.collectionVariables.set(
    "otherLabel", decision.label === "eligible" ? "not_eligible" : "eligible");

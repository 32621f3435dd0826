pm.test("the status is __status__", () =>
    pm.response.to.have.status(__status__));
pm.test("it carries a request id", () =>
    pm.response.to.have.header("X-Request-ID"));

pm.test("the status is __status__, or 401 where no key is given", () =>
    pm.response.to.have.status(pm.variables.get("apiKey") ? __status__ : 401));
pm.test("it carries a request id", () =>
    pm.response.to.have.header("X-Request-ID"));

-- Every name that some tool has for a service, the service's own among them.
CREATE OR REPLACE VIEW service_alias AS
SELECT alias, argMin(name, (alias != name, name)) AS service
FROM (SELECT name, arrayJoin(arrayConcat([name], aliases)) AS alias FROM service)
GROUP BY alias

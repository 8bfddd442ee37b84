#include "crd/core_kinds.h"
#include "crd/core_schema.h"

namespace berth::crd::core {

namespace {

json container_port() {
  return open_object("One port of the container.", {{"name", text("Its name.")},
                                                    {"containerPort", number("The number of the port in the container.")},
                                                    {"hostPort", number("The number of the port on the host.")},
                                                    {"hostIP", text("The address of the host that it is bound to.")},
                                                    {"protocol", text("TCP, UDP or SCTP.")}});
}

json port_of_probe() { return {{"x-kubernetes-int-or-string", true}, {"description", "The port, or its name."}}; }

json probe() {
  return open_object("How its readiness is found out.",
                     {{"exec", open_object("By a command that ends with 0.", {{"command", list_of("The command.", text("A word of it."))}})},
                      {"httpGet", open_object("By an answer below 400.", {{"path", text("The path.")}, {"port", port_of_probe()}})},
                      {"tcpSocket", open_object("By a connection.", {{"port", port_of_probe()}})},
                      {"initialDelaySeconds", number("Seconds from the start to the first look.")},
                      {"periodSeconds", number("Seconds between looks.")},
                      {"timeoutSeconds", number("Seconds that a look may take.")},
                      {"successThreshold", number("Looks in a row that make it ready.")},
                      {"failureThreshold", number("Looks in a row that make it unready.")}});
}

json container_state(const char* description) {
  json ended = {{"exitCode", {{"type", "integer"}, {"format", "int32"}, {"description", "Its exit status."}}},
                {"reason", text("Why it ended, in one word.")},
                {"message", text("Why it ended.")},
                {"startedAt", time("When it began.")},
                {"finishedAt", time("When it ended.")},
                {"containerID", text("The id of the container: docker://...")}};
  return open_object(description,
                     {{"waiting", open_object("It does not run yet.", {{"reason", text("Why, in one word.")}, {"message", text("Why.")}})},
                      {"running", open_object("It runs.", {{"startedAt", time("Since when.")}})},
                      {"terminated", open_object("It has ended.", std::move(ended))}});
}

json container() {
  return open_object("One container.",
                     {{"name", text("The name of the service.")},
                      {"image", text("The image that it runs.")},
                      {"imagePullPolicy", text("When the image is pulled: Always, Never or IfNotPresent.")},
                      {"command", list_of("The program, in place of the image's entrypoint.", text("A word of it."))},
                      {"args", list_of("The arguments, in place of the image's.", text("One of them."))},
                      {"workingDir", text("The directory that it starts in.")},
                      {"ports", list_of("The ports that it serves.", container_port())},
                      {"env", list_by("Its environment variables.", "name",
                                      open_object("One variable.", {{"name", text("Its name.")}, {"value", text("Its value.")}}))},
                      {"resources", open_object("The CPU and memory that it needs and may use.")},
                      {"readinessProbe", probe()},
                      {"stdin", flag("Whether its standard input is open.")},
                      {"tty", flag("Whether it has a terminal.")}});
}

json container_status() {
  return open_object("The state of one container.",
                     {{"name", text("The name of the container.")},
                      {"ready", flag("Whether it passes its readiness probe.")},
                      {"started", {{"type", "boolean"}, {"nullable", true}, {"description", "Whether it passed its startup probe."}}},
                      {"restartCount", number("How often it was started again.")},
                      {"image", text("The image that it runs.")},
                      {"imageID", text("The id of that image.")},
                      {"containerID", text("The id of the container: docker://...")},
                      {"state", container_state("What it does: waiting, running or terminated.")},
                      {"lastState", container_state("What it did before.")}});
}

json pod_spec() {
  return open_object("The containers, as the environment describes them.",
                     {{"nodeName", text("The Docker host that it runs on.")},
                      {"restartPolicy", text("Always, OnFailure or Never.")},
                      {"hostname", text("The name of the host inside.")},
                      {"securityContext", open_object("What all its containers may do: nothing is said here.")},
                      {"terminationGracePeriodSeconds", number("Seconds that it is given to end.")},
                      {"containers", list_by("The containers: one.", "name", container())},
                      {"initContainers", list_by("Containers that run before.", "name", container())}});
}

json pod_status() {
  return open_object("What is known of the containers.",
                     {{"phase", text("Pending, Running, Succeeded, Failed or Unknown.")},
                      {"reason", text("Why it is in that phase, in one word.")},
                      {"message", text("Why it is in that phase, for people.")},
                      {"hostIP", text("The address of the host.")},
                      {"podIP", text("The address in the environment's network.")},
                      {"podIPs", list_of("The same, as a list.", open_object("One address.", {{"ip", text("The address.")}}))},
                      {"startTime", time("When it was accepted.")},
                      {"qosClass", text("Guaranteed, Burstable or BestEffort.")},
                      {"conditions", conditions()},
                      {"containerStatuses", list_by("The states of the containers.", "name", container_status())},
                      {"initContainerStatuses", list_by("The states of those that run before.", "name", container_status())}});
}

}  // namespace

ResourceInfo pod_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Pod"};
  info.plural = "pods";
  info.singular = "pod";
  info.short_names = {"po"};
  info.categories = {"all"};
  info.verbs = {"get", "list", "watch"};  // berth writes spec and status at once, past the verbs
  info.subresources = {{"attach", "PodAttachOptions", {"create", "get"}},
                       {"exec", "PodExecOptions", {"create", "get"}},
                       {"log", "Pod", {"get"}},
                       {"portforward", "PodPortForwardOptions", {"create", "get"}}};
  info.selectable_fields = {"spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
                            "status.phase",  "status.podIP",       "status.nominatedNodeName"};
  info.schema = object("Pod shows the container of one service of a TestEnvironment. berth writes it; it cannot be changed.",
                       {{"spec", pod_spec()}, {"status", pod_status()}});
  info.columns = {{"Status", "string", ".status.phase", "The aggregate status of the containers in this pod."}, age_column()};
  return info;
}

ResourceInfo service_kind() {
  ResourceInfo info;
  info.gvk = {"", "v1", "Service"};
  info.plural = "services";
  info.singular = "service";
  info.short_names = {"svc"};
  info.categories = {"all"};
  info.verbs = {"get", "list", "watch"};
  info.schema = object("Service is what clients of a cluster ask for. berth has none: what a TestEnvironment serves is in its status.",
                       {{"spec", open_object("How it is reached.", {{"type", text("ClusterIP, NodePort or LoadBalancer.")},
                                                                    {"clusterIP", text("Its address.")},
                                                                    {"ports", list_of("Its ports.", open_object("One port."))},
                                                                    {"selector", text_map("The labels of its pods.")}})},
                        {"status", open_object("Where it is reached.")}});
  info.columns = {{"Type", "string", ".spec.type", "How it is reached."}, age_column()};
  return info;
}

}  // namespace berth::crd::core

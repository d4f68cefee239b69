"""A carrier's middle: Kamailio as SIP proxy and rtpengine as media relay on one host of a NetLab.

Both are Debian's packages, started with configurations of this test alone. The proxy knows its
users by the table it is given, stays in the dialog (Record-Route) and lets rtpengine stand in every
session description, so that no phone learns another one's media address.
"""

import os
import subprocess

import netlab

NG_PORT = 2223
PROXY = """\
debug=1
log_stderror=yes
children=2
tcp_children=2
auto_aliases=no
dns=no
rev_dns=no
listen=udp:{bind}:5060
listen=tcp:{bind}:5060
mpath="/usr/lib/x86_64-linux-gnu/kamailio/modules/"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "rr.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "rtpengine.so"
modparam("rtpengine", "rtpengine_sock", "udp:127.0.0.1:{ng_port}")

request_route {{
  if (!mf_process_maxfwd_header("10")) {{
    sl_send_reply("483", "Too Many Hops");
    exit;
  }}
  if (is_method("CANCEL")) {{
    rtpengine_delete();
    if (t_check_trans()) t_relay();
    exit;
  }}
  if (has_totag()) {{
    if (!loose_route()) {{
      if (is_method("ACK") && t_check_trans()) t_relay();
      exit;
    }}
    if (is_method("BYE")) rtpengine_delete();
    if (is_method("INVITE")) route(MEDIA);
    t_relay();
    exit;
  }}
  if (is_method("INVITE")) {{
    record_route();
    route(MEDIA);
  }}
  switch ($rU) {{
{users}    default:
      sl_send_reply("404", "Not Found");
      exit;
  }}
  t_relay();
}}

route[MEDIA] {{
  t_on_reply("MEDIA");
  if (has_body("application/sdp")) {{
    rtpengine_manage("replace-origin replace-session-connection{family}");
  }}
}}

onreply_route[MEDIA] {{
  if (has_body("application/sdp")) {{
    rtpengine_manage("replace-origin replace-session-connection{family}");
  }}
}}
"""
USER = """\
    case "{number}":
      $du = "sip:{address}:5060;transport={transport}";
      break;
"""


def bracketed(address):
    return f"[{address}]" if ":" in address else address


def installed():
    return all(os.path.exists(path) for path in ("/usr/sbin/kamailio", "/usr/bin/rtpengine"))


class Proxy:
    """Runs on `namespace`; `users` are (number, address) pairs."""

    def __init__(self, lab, namespace, directory):
        self.lab, self.namespace, self.directory = lab, namespace, directory
        self._processes = []

    def start(self, address, users, transport):
        bind = bracketed(address)
        config = os.path.join(self.directory, "kamailio.cfg")
        table = "".join(USER.format(number=number, address=bracketed(user), transport=transport)
                        for number, user in users)
        with open(config, "w", encoding="utf-8") as file:
            file.write(PROXY.format(bind=bind, ng_port=NG_PORT, users=table,
                                    family=" address-family=IP6" if ":" in address else ""))
        self._start("rtpengine", "rtpengine", "--foreground", "--log-stderr", "--table=-1",
                    f"--interface={address}", f"--listen-ng=127.0.0.1:{NG_PORT}",
                    "--port-min=30000", "--port-max=30999")
        self._wait_for(f"127.0.0.1:{NG_PORT}")  # Kamailio asks once, then not for a minute
        self._start("kamailio", "kamailio", "-DD", "-E", "-f", config, "-Y", self.directory,
                    "-m", "32", "-M", "4")
        self._wait_for(f"{bind}:5060")

    def _wait_for(self, place):
        if not netlab.wait_until(lambda: self._listening(place), 30):
            raise RuntimeError(f"nobody listens at {place}: {self.tail()}")

    def _start(self, name, *command):
        with open(os.path.join(self.directory, name + ".log"), "wb") as log:
            self._processes.append(self.lab.start_in(self.namespace, *command, stdout=log,
                                                     stderr=subprocess.STDOUT))

    def _listening(self, place):
        shown = subprocess.run(["ip", "netns", "exec", self.namespace, "ss", "-Hlun"],
                               capture_output=True, text=True)
        return place in shown.stdout

    def stop(self):
        for process in self._processes:
            netlab.stop(process)
        self._processes.clear()

    def tail(self):
        texts = []
        for name in ("kamailio", "rtpengine"):
            path = os.path.join(self.directory, name + ".log")
            if os.path.exists(path):
                with open(path, errors="replace") as log:
                    texts += log.read().strip().split("\n")[-3:]
        return " | ".join(texts)

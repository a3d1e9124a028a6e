"""nginx as a plain proxy: what a gateway that looks at nothing and keeps nothing would cost. The floor.

Unbuffered and in large pieces, which was fastest of what was tried, for pictures and for streams.
"""

from __future__ import annotations

import os

from benchmarks.machine import tool
from benchmarks.mock import Ports, free_port, listens
from benchmarks.places import RUN, fresh
from benchmarks.program import Program, wait_until

FRAME = """
daemon off;
{user}
worker_processes 1;
error_log error.log warn;
pid nginx.pid;
worker_rlimit_nofile 16384;
events {{ worker_connections 16000; use epoll; multi_accept on; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 1h;
  keepalive_requests 1000000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
{servers}
}}
"""

SERVER = """
  upstream {name} {{ server 127.0.0.1:{to}; keepalive 512; keepalive_requests 1000000000; keepalive_timeout 1h; }}
  server {{
    listen 127.0.0.1:{port} backlog=8192;
    location / {{
      proxy_pass http://{name};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_buffer_size 256k;
      proxy_buffers 16 256k;
      proxy_busy_buffers_size 512k;
    }}
  }}"""


def start(core: int, to: Ports) -> tuple[Program, Ports]:
    """Stands before the provider's ports with ports of its own."""
    folder = fresh(RUN / "nginx")
    ports = {name: free_port() for name in to}
    servers = "".join(SERVER.format(name=name, port=ports[name], to=to[name]) for name in to)
    user = "user root;" if os.geteuid() == 0 else ""
    configuration = folder / "nginx.conf"
    configuration.write_text(FRAME.format(user=user, servers=servers))
    command = [tool("nginx"), "-p", str(folder), "-e", "error.log", "-c", str(configuration)]
    program = Program("nginx", command, folder, {core})
    wait_until([program], lambda: all(listens(port) for port in ports.values()))
    return program, ports

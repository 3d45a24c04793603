// How the time line is coloured. What is transient is hatched in the colour of what it leads to, and solid shades
// differ in lightness, so that they can be told apart in grey and by eyes that do not see red and green.
#pragma once

#include <string_view>

namespace keepwell::simulation {

constexpr std::string_view svg_style = R"(<style>
svg { font: 12px ui-monospace, monospace; }
text { fill: #1f2328; } .paper { fill: #ffffff; } .grid { stroke: #d0d7de; } .title { font-weight: bold; }
.waiting { fill: #d8dee4; } .starting { fill: url(#starting); } .running { fill: #3a7bd0; }
.unproven { fill: url(#unproven); } .healthy { fill: #52c08c; } .unhealthy { fill: #a40e26; } .unknown { fill: url(#unknown); }
.stopping { fill: url(#stopping); } .backoff { fill: url(#backoff); } .stopped { fill: url(#stopped); }
.completed { fill: url(#completed); }
.held { fill: none; stroke: #bf8700; stroke-dasharray: 3 2; stroke-width: 3; }
.passed, .failed, .error { fill: none; } .passed { stroke: #2f9e6a; } .failed { stroke: #a40e26; stroke-width: 1.5; }
.error { stroke: #8250df; stroke-width: 1.5; }
.remedy { fill: #0969da; } .failure { fill: #a40e26; } .alert { fill: #e16f24; } .person { fill: #8250df; } .engine { fill: #57606a; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .paper { fill: #0d1117; } .grid { stroke: #30363d; }
.remedy { fill: #58a6ff; } .failure { fill: #ff7b72; } .failed { stroke: #ff7b72; } .engine { fill: #8c959f; } }
</style>
<defs>
<pattern id="starting" width="6" height="6" patternUnits="userSpaceOnUse"><path fill="#d6e6f8" d="M0 0h6v6H0z"/><path stroke="#3a7bd0" stroke-width="1.5" d="M-1 7L7-1"/></pattern>
<pattern id="unproven" width="6" height="6" patternUnits="userSpaceOnUse"><path fill="#d9f2e5" d="M0 0h6v6H0z"/><path stroke="#52c08c" stroke-width="1.5" d="M-1 7L7-1"/></pattern>
<pattern id="unknown" width="6" height="6" patternUnits="userSpaceOnUse"><path fill="#e6dbfa" d="M0 0h6v6H0z"/><path stroke="#8250df" d="M-1 7L7-1M-1-1L7 7"/></pattern>
<pattern id="stopping" width="6" height="6" patternUnits="userSpaceOnUse"><path fill="#fbe4cf" d="M0 0h6v6H0z"/><path stroke="#bc4c00" stroke-width="1.5" d="M-1-1L7 7"/></pattern>
<pattern id="backoff" width="4" height="4" patternUnits="userSpaceOnUse"><path fill="#f7e08a" d="M0 0h4v4H0z"/><path stroke="#bf8700" stroke-width="1.5" d="M1 0v4"/></pattern>
<pattern id="stopped" width="4" height="4" patternUnits="userSpaceOnUse"><path fill="#eaeef2" d="M0 0h4v4H0z"/><path stroke="#57606a" stroke-width="1.5" d="M0 1h4"/></pattern>
<pattern id="completed" width="4" height="4" patternUnits="userSpaceOnUse"><path fill="#eaeef2" d="M0 0h4v4H0z"/><path fill="#57606a" d="M1 1h2v2H1z"/></pattern>
</defs>
)";

}  // namespace keepwell::simulation
